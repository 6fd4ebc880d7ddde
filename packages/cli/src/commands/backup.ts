/** `sluice backup create DIR`, `sluice backup check FOLDER` and `sluice backup restore FOLDER`
 *  @module */
import type { BackupProgress, CheckOptions } from "@sluice/evidence/backup";
import { JSON_OPTION, usage, type Command, type CommandIo } from "../command.ts";
import { readDataDirectory } from "../doctor/data-directory.ts";
import { formatTable } from "../table.ts";

/** Time between two lines of progress. */
const PROGRESS_INTERVAL_MS = 2_000;
const BYTES_PER_MEBIBYTE = 1_048_576;

/** Backs up a gateway or a domain. */
export const backupCreate: Command = {
  path: ["backup", "create"],
  summary: "back up the gateway or domain in DIR, which may run meanwhile",
  positionals: ["DIR"],
  options: {
    out: { value: "FOLDER", description: "folder of the backup; it must not be there yet" },
    previous: { value: "FOLDER", description: "earlier backup: files that did not change become links to its files" },
    "with-keys": { description: "also its keys, when they are under a passphrase" },
    ...JSON_OPTION,
  },
  notes:
    "State and log of a backup belong together. Without --with-keys no key is in it: keep keys/ apart, and copy it anew\n" +
    "after each change of keys. The printed SHA-256 of backup.json, kept elsewhere, tells whether the backup was altered.\n" +
    "docs/backup.md has the schedule, the drill, and what to do after a loss.",
  async run(args, io) {
    const directory = args.positional(0);
    const out = args.required("out");
    const home = (await readDataDirectory(directory)).homes.find((one) => one.directory === directory);
    if (home === undefined) throw usage(`${directory} holds neither a gateway nor a domain`);
    const { systemClock } = await import("@sluice/client");
    const previous = args.text("previous");
    const options = { out, previous, withKeys: args.flag("with-keys"), clock: systemClock, ...watching(io) };
    const written = await (home.kind === "domain"
      ? (await import("@sluice/domain")).backUpDomain(directory, options)
      : (await import("@sluice/gateway")).backUpGateway(directory, options));
    const { manifest, sha256, files, bytes, linked } = written;
    const { kind, at, log, keys } = manifest;
    const facts = { kind, at, logSize: log.size, keys, files, bytes, linked, sha256 };
    if (args.flag("json")) io.stdout.write(`${JSON.stringify({ ok: true, ...facts })}\n`);
    else {
      const rows = [
        ["backup of", `${kind} in ${directory}, as of ${at}`],
        ["log", `${log.size} entries`],
        ["files", `${files}, ${mebibytes(bytes)} MiB; ${linked} of them links to the previous backup`],
        ["keys", keys === "none" ? "not in it" : "in it, under their passphrase"],
        ["SHA-256 of backup.json", sha256],
      ];
      io.stdout.write(`${formatTable(rows)}\n`);
    }
    return 0;
  },
};

/** Checks a backup. */
export const backupCheck: Command = {
  path: ["backup", "check"],
  summary: "check a backup offline: its files, its log, its state, and each against the other",
  positionals: ["FOLDER"],
  options: JSON_OPTION,
  async run(args, io) {
    const folder = args.positional(0);
    const checked = await ((await kindOf(folder)) === "domain"
      ? (await import("@sluice/domain")).checkDomainBackup(folder, watching(io))
      : (await import("@sluice/gateway")).checkGatewayBackup(folder, watching(io)));
    const { manifest, sha256, entries, receipts } = checked;
    const { kind, at, log } = manifest;
    const facts = { kind, at, logSize: log.size, entries, receipts, files: Object.keys(manifest.files).length, sha256 };
    if (args.flag("json")) io.stdout.write(`${JSON.stringify({ ok: true, ...facts })}\n`);
    else {
      const rows = [
        ["backup of", `a ${kind}, as of ${at}`],
        ["files", `${facts.files}, each as it was copied`],
        ["log", `${log.size} entries, whole`],
        ["state", `${receipts} receipts; ${entries} entries of the log are those that it knows`],
        ["SHA-256 of backup.json", sha256],
      ];
      io.stdout.write(`${formatTable(rows)}\n`);
    }
    return 0;
  },
};

/** Restores a backup. */
export const backupRestore: Command = {
  path: ["backup", "restore"],
  summary: "make a gateway or domain from a backup, in a new directory",
  positionals: ["FOLDER"],
  options: {
    to: { value: "DIR", description: "the new directory; it must not be there yet" },
    keys: { value: "KEYSDIR", description: "folder with the keys, as `keys/` was, where the backup has none" },
    log: { value: "FOLDER", description: "a domain's: newer copy of its log's public files, to go on from" },
    ...JSON_OPTION,
  },
  notes:
    "A restored domain refuses all work until its operator has decided (sluice domain resume): what it acknowledged after\n" +
    "the backup is not in it. The directory that it replaces must never start again.",
  async run(args, io) {
    const folder = args.positional(0);
    const log = args.text("log");
    const options = { to: args.required("to"), keys: args.text("keys"), ...watching(io) };
    const of = await kindOf(folder);
    if (log !== undefined && of !== "domain") throw usage('"--log" is for domains');
    const { manifest, logSize } = await (of === "domain" ? restoredDomain : restoredGateway)(folder, options, log);
    const { kind, at, keys } = manifest;
    const hasKeys = keys !== "none" || options.keys !== undefined;
    const facts = { kind, at, logSize, keys: hasKeys };
    if (args.flag("json")) io.stdout.write(`${JSON.stringify({ ok: true, ...facts })}\n`);
    else {
      io.stdout.write(`${options.to} is the ${kind} as of ${at}, with ${logSize} entries in its log\n`);
      if (!hasKeys) io.stdout.write(`it has no keys yet: put them into ${options.to}/keys before it starts\n`);
      if (kind === "domain") io.stdout.write(`it refuses work until you decide: sluice domain resume ${options.to}\n`);
    }
    return 0;
  },
};

type Restore = { readonly to: string; readonly keys: string | undefined } & CheckOptions;

async function restoredDomain(folder: string, options: Restore, log: string | undefined) {
  const [{ restoreDomain }, { systemClock }] = await Promise.all([import("@sluice/domain"), import("@sluice/client")]);
  return await restoreDomain(folder, { ...options, log, clock: systemClock });
}

async function restoredGateway(folder: string, options: Restore) {
  const manifest = await (await import("@sluice/gateway")).restoreGateway(folder, options);
  return { manifest, logSize: manifest.log.size };
}

async function kindOf(folder: string): Promise<"domain" | "gateway"> {
  const { readBackupManifest } = await import("@sluice/evidence/backup");
  return (await readBackupManifest(folder)).manifest.kind;
}

/** Progress on standard error, now and then. */
function watching(io: CommandIo): Required<CheckOptions> {
  let shownAt = performance.now();
  const onProgress = ({ files, bytes }: BackupProgress): void => {
    const now = performance.now();
    if (now - shownAt < PROGRESS_INTERVAL_MS) return;
    shownAt = now;
    io.stderr.write(`${files} files, ${mebibytes(bytes)} MiB\n`);
  };
  return { signal: io.signal, onProgress };
}

function mebibytes(bytes: number): string {
  return (bytes / BYTES_PER_MEBIBYTE).toFixed(1);
}

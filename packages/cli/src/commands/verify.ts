/** `sluice verify DIR` and `sluice verify FILE…`
 *  @module */
import { stat } from "node:fs/promises";
import type { FolderReport, TrustPins, WitnessPolicy } from "@sluice/evidence/verify";
import { JSON_OPTION, usage, type Command } from "../command.ts";
import { errorDocument, formatError } from "../error-text.ts";
import { anchorText } from "../anchors/anchor-text.ts";
import { readTextFile } from "../files.ts";
import { visibleText } from "../officer/visible-text.ts";
import { readTrust, TRUST_OPTION, trustFile, trustOf } from "../party-context.ts";
import { formatTable } from "../table.ts";
import { pinRows } from "../verifier/pin-rows.ts";

/** Verifies a folder of evidence, or single files, offline. */
export const verify: Command = {
  path: ["verify"],
  summary: "verify receipts, logs, grants and releases offline: a folder of evidence, or single files",
  positionals: ["DIR|FILE…"],
  options: {
    ...TRUST_OPTION,
    policy: { value: "FILE", description: "witnesses that must have cosigned each log (C2SP tlog-policy)" },
    ...JSON_OPTION,
  },
  notes:
    "DIR holds trust.json (the pinned keys), receipts/*.json, and logs/<name>/ with the files of each log, where\n" +
    "<name> is `gateway` or the name of a domain. Of an export (`sluice audit export`), every file is held against\n" +
    "manifest.json, and grants and releases are verified too. The pins of DIR came with DIR: with --trust, yours are used and\n" +
    "its trust.json is ignored; without, compare the keys that are printed.\n" +
    "FILE… are receipts, grants and releases as they were written, to the byte; they need --trust. What fails is named\n" +
    "with its part. Exit code 1 when anything does not verify.",
  async run(args, io) {
    const [first = ""] = args.positionals;
    if (args.positionals.length > 1 || !(await isDirectory(first))) {
      if (args.text("policy") !== undefined) throw usage('"--policy" is for a folder of evidence');
      const { verifyFiles } = await import("../verify/verify-files.ts");
      return await verifyFiles(args.positionals, await trustOf(args, io), { json: args.flag("json"), io });
    }
    const [{ verifyFolder }, { diskFolder }] = await Promise.all([
      import("@sluice/evidence/verify"),
      import("../verify/disk-folder.ts"),
    ]);
    const policy = await readPolicy(args.text("policy"));
    const pinFile = trustFile(args, io);
    const trust = pinFile === null ? undefined : await readTrust(pinFile);
    const report = await verifyFolder(diskFolder(first), { signal: io.signal, policy, trust });
    const { ok, receipts, events, operations, logs, anchors, failures, failed } = report;
    const [failure] = failures;
    if (args.flag("json")) {
      const listed = failures.map(({ file, error }) => ({ file, ...errorDocument(error) }));
      const outcome = {
        ok,
        pins: { file: pinFile ?? "trust.json", cameWithFolder: pinFile === null, keys: keysOf(report.trust) },
        receipts,
        events,
        operations,
        logs,
        anchors,
        failure: listed[0] ?? null,
        failures: listed,
        failed,
      };
      io.stdout.write(`${JSON.stringify(outcome)}\n`);
    } else io.stdout.write(`${pinsText(report.trust, pinFile)}${formatReport(report)}`);
    if (failure !== undefined) {
      io.stderr.write(`first failing file: ${visibleText(failure.file)}\n${formatError(failure.error)}`);
    }
    return ok ? 0 : 1;
  },
};

/** Whether a folder is named: what is no file is left to the folder's own errors. */
async function isDirectory(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => null);
  return stats === null || !stats.isFile();
}

async function readPolicy(file: string | undefined): Promise<WitnessPolicy | undefined> {
  if (file === undefined) return undefined;
  const { parseWitnessPolicy } = await import("@sluice/evidence/verify");
  return parseWitnessPolicy(await readTextFile(file, "policy"));
}

function keysOf(pins: TrustPins | null): { whose: string; use: string; key: string }[] {
  return pins === null ? [] : pinRows(pins).map(({ whose, use, key }) => ({ whose: whose.en, use: use.en, key }));
}

/** Whose keys everything was held against, and where they came from. */
function pinsText(pins: TrustPins | null, pinFile: string | null): string {
  const source =
    pinFile === null
      ? "of the folder's own trust.json: compare them with those that you obtained elsewhere"
      : `of ${visibleText(pinFile)}; the folder's own trust.json is ignored`;
  const rows = keysOf(pins).map(({ whose, use, key }) => [`  ${whose}`, use, key]);
  return rows.length === 0 ? "" : `keys ${source}\n${formatTable(rows)}\n\n`;
}

function formatReport({ ok, receipts, events, operations, logs, anchors }: FolderReport): string {
  const rows = [["WHAT", "CHECKED", "VERIFIED", ""]];
  for (const { name: shownName, origin, entries, firstKept, ok: verified, witnessed } of logs) {
    const name = visibleText(shownName);
    const size = verified || witnessed !== null ? `${entries} entries, ` : "";
    const by = witnessed?.cosignatures.map((one) => one.name).join(", ") || "nobody";
    const pruned = firstKept === undefined ? "" : `, pruned: entries before ${firstKept} are no longer kept`;
    const cosigned = witnessed === null ? "" : `, cosigned by ${by}`;
    rows.push([`log ${name}`, "1", verified ? "1" : "0", `${size}${origin}${cosigned}${pruned}`]);
  }
  for (const one of anchors) {
    rows.push([`anchor ${one.anchor} of ${one.log}`, String(one.checked), String(one.verified), anchorText(one)]);
  }
  for (const [operation, count] of Object.entries(operations).toSorted(([a], [b]) => a.localeCompare(b))) {
    rows.push([`receipts of ${operation}`, String(count.checked), String(count.verified), ""]);
  }
  rows.push(["receipts", String(receipts.checked), String(receipts.verified), ""]);
  if (events > 0) rows.push(["events", String(events), "", ""]);
  return `${formatTable(rows)}\n${ok ? "everything verifies" : "NOT everything verifies"}\n`;
}

/** `sluice status issue` and `sluice status keep`
 *  @module */
import { setTimeout } from "node:timers/promises";
import { usage, type Arguments, type Command, type CommandIo } from "../command.ts";
import { readJsonFile, readTextFile } from "../files.ts";
import { deliverStop, domainUrl } from "../status/deliver-stop.ts";
import type { StatusIssuer, Stops } from "../status/issue-status.ts";
import { nameOption } from "../words.ts";

const DEFAULT_MINUTES = 10;
const MAX_MINUTES = 43_200; // 30 days, as in the domain
const MINUTE_MS = 60_000;

const OPTIONS = {
  "domain-url": { value: "URL", description: "address of the domain itself" },
  domain: { value: "NAME", description: "name of the domain" },
  key: { value: "FILE", description: "private key of the agency, or the status key that the domain pins" },
  minutes: { value: "N", description: `how long the lease lasts (default ${DEFAULT_MINUTES})` },
  stops: { value: "FILE", description: 'what is stopped: { "revoked": [grant hashes], "suspended": [key ids] }' },
} as const;

/** Issues one status. */
export const statusIssue: Command = {
  path: ["status", "issue"],
  summary: "extend a domain's lease once, with what is stopped; for a timer of the system",
  positionals: [],
  options: { ...OPTIONS, sequence: { value: "N", description: "above every one before (default: the time)" } },
  notes:
    "A domain that needs a lease refuses work when it ends. A status adds stops and lifts none: only a later statement of\n" +
    "the agency does.",
  async run(args, io) {
    const sequence = args.integer("sequence", 1, Number.MAX_SAFE_INTEGER);
    const { issueStatus } = await import("../status/issue-status.ts");
    const { body } = await issueStatus(await issuerOf(args, io), sequence);
    io.stdout.write(`${body.domain} may work until ${body.validUntil}\n`);
    return 0;
  },
};

/** Issues statuses until interrupted. */
export const statusKeep: Command = {
  path: ["status", "keep"],
  summary: "extend a domain's lease again and again until interrupted",
  positionals: [],
  options: OPTIONS,
  notes: "Each third of the lease brings a new status; the file of stops is read again for each.",
  async run(args, io) {
    const { keepStatus } = await import("../status/issue-status.ts");
    const issuer = await issuerOf(args, io);
    const wait = (ms: number): Promise<void> => setTimeout(ms, undefined, { signal: io.signal });
    const told = (outcome: Parameters<Parameters<typeof keepStatus>[1]["told"]>[0]): void => {
      if (outcome instanceof Error) io.stderr.write(`the lease was not extended: ${outcome.message}\n`);
      else io.stdout.write(`${outcome.body.domain} may work until ${outcome.body.validUntil}\n`);
    };
    try {
      await keepStatus(issuer, { wait, told });
    } catch (error) {
      if (!io.signal.aborted) throw error;
    }
    return 0;
  },
};

async function issuerOf(args: Arguments, io: CommandIo): Promise<StatusIssuer> {
  const domain = nameOption(args, "domain");
  const url = domainUrl(args);
  const validMs = (args.integer("minutes", 1, MAX_MINUTES) ?? DEFAULT_MINUTES) * MINUTE_MS;
  const { importPrivateKey } = await import("@sluice/evidence");
  const { systemClock } = await import("@sluice/client");
  const key = await importPrivateKey(await readTextFile(args.required("key"), "key file"));
  const file = args.text("stops");
  const stops = (): Promise<Stops> => readStops(file);
  await stops();
  const deliver: StatusIssuer["deliver"] = (status) => deliverStop(url, "/v1/statuses", status, io.signal);
  return { domain, key, validMs, clock: systemClock, stops, deliver };
}

async function readStops(file: string | undefined): Promise<Stops> {
  const { Stops } = await import("../status/issue-status.ts");
  const stops = Stops.safeParse(file === undefined ? {} : await readJsonFile(file, "file of stops"));
  if (stops.success) return stops.data;
  throw usage(`file of stops ${file} does not fit its schema at /${stops.error.issues[0]?.path.join("/") ?? ""}`);
}

/** `sluice audit export`
 *  @module */
import { JSON_OPTION, usage, type Command } from "../command.ts";
import { openClient, PARTY_OPTIONS, trustOf } from "../party-context.ts";
import { instantOption } from "../words.ts";

/** Collects the evidence of a period for a regulator. */
export const auditExport: Command = {
  path: ["audit", "export"],
  summary: "collect receipts, logs and what they rest on for a regulator: one folder that verifies offline",
  positionals: [],
  options: {
    from: { value: "INSTANT", description: "beginning of the period, for example 2026-11-01T00:00:00+08:00" },
    to: { value: "INSTANT", description: "its end, which is not part of it; not in the future" },
    out: { value: "DIR", description: "folder to make: it must not exist, or be empty" },
    ...PARTY_OPTIONS,
    ...JSON_OPTION,
  },
  notes:
    "The key is the agency's. DIR appears when it is whole; an export that was cut off is simply run again.\n" +
    "`sluice verify DIR` checks everything in it offline. Hand the printed digest over apart from the folder.",
  async run(args, io) {
    const period = { from: instantOption(args, "from"), to: instantOption(args, "to") };
    if (period.from >= period.to) throw usage('"--from" is not before "--to"');
    const madeAt = new Date().toISOString();
    if (period.to > madeAt) throw usage('"--to" is in the future: receipts would be missing');
    const out = args.required("out");
    const client = await openClient(args, io);
    const trust = await trustOf(args, io);
    const { exportPeriod } = await import("../audit/export-period.ts");
    const made = await exportPeriod({
      client,
      trust,
      period,
      madeAt,
      out,
      signal: io.signal,
      progress: (line) => void io.stderr.write(`${line}\n`),
    });
    if (args.flag("json")) io.stdout.write(`${JSON.stringify({ directory: out, ...made })}\n`);
    else
      io.stdout.write(`${made.receipts} receipts, ${made.files} files\ndigest ${made.digest}\nsluice verify ${out}\n`);
    return 0;
  },
};

/** `sluice verify DIR`
 *  @module */
import type { WitnessPolicy } from "@sluice/evidence/verify";
import { JSON_OPTION, type Command } from "../command.ts";
import { errorDocument, formatError } from "../error-text.ts";
import { readTextFile } from "../files.ts";
import { formatTable } from "../table.ts";
import type { VerifyReport } from "../verify/verify-directory.ts";

/** Verifies receipts and logs offline. */
export const verify: Command = {
  path: ["verify"],
  summary: "verify receipts and logs offline, from the files in DIR alone",
  positionals: ["DIR"],
  options: {
    policy: { value: "FILE", description: "witnesses that must have cosigned each log (C2SP tlog-policy)" },
    ...JSON_OPTION,
  },
  notes:
    "DIR holds trust.json (the pinned keys), receipts/*.json, and logs/<name>/ with the files of each log, where\n" +
    "<name> is `gateway` or the name of a domain. Of an export (`sluice audit export`), every file is held against\n" +
    "manifest.json, and grants and releases are verified too. Exit code 1 when anything does not verify.",
  async run(args, io) {
    const { verifyDirectory } = await import("../verify/verify-directory.ts");
    const policy = await readPolicy(args.text("policy"));
    const report = await verifyDirectory(args.positional(0), { signal: io.signal, policy });
    const { failure } = report;
    if (args.flag("json")) {
      const failed = failure === null ? null : { file: failure.file, ...errorDocument(failure.error) };
      io.stdout.write(`${JSON.stringify({ ...report, failure: failed })}\n`);
    } else io.stdout.write(formatReport(report));
    if (failure !== null) io.stderr.write(`first failing file: ${failure.file}\n${formatError(failure.error)}`);
    return report.ok ? 0 : 1;
  },
};

async function readPolicy(file: string | undefined): Promise<WitnessPolicy | undefined> {
  if (file === undefined) return undefined;
  const { parseWitnessPolicy } = await import("@sluice/evidence/verify");
  return parseWitnessPolicy(await readTextFile(file, "policy"));
}

function formatReport({ ok, receipts, operations, logs }: VerifyReport): string {
  const rows = [["WHAT", "CHECKED", "VERIFIED", ""]];
  for (const { name, origin, entries, ok: verified, witnessed } of logs) {
    const size = verified || witnessed !== null ? `${entries} entries, ` : "";
    const by = witnessed?.cosignatures.map((one) => one.name).join(", ") || "nobody";
    const cosigned = witnessed === null ? "" : `, cosigned by ${by}`;
    rows.push([`log ${name}`, "1", verified ? "1" : "0", `${size}${origin}${cosigned}`]);
  }
  for (const [operation, count] of Object.entries(operations).toSorted(([a], [b]) => a.localeCompare(b))) {
    rows.push([`receipts of ${operation}`, String(count.checked), String(count.verified), ""]);
  }
  rows.push(["receipts", String(receipts.checked), String(receipts.verified), ""]);
  return `${formatTable(rows)}\n${ok ? "everything verifies" : "NOT everything verifies"}\n`;
}

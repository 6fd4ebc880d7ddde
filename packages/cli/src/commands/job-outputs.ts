/** `sluice job outputs RUN`
 *  @module */
import { isErrorCode, SluiceError, type Run } from "@sluice/protocol";
import { JSON_OPTION, type Command } from "../command.ts";
import { formatFindings } from "../develop/guard-text.ts";
import { formatError } from "../error-text.ts";
import { ENGLISH_MODEL_WORDS, modelParameters } from "../model-text.ts";
import { openClient, PARTY_OPTIONS } from "../party-context.ts";
import { formatTable } from "../table.ts";

/** Prints what a run released: metrics, model, and the guard's report. */
export const jobOutputs: Command = {
  path: ["job", "outputs"],
  summary: "print what a run released: its metrics, its model and the guard's report",
  positionals: ["RUN"],
  options: { ...PARTY_OPTIONS, ...JSON_OPTION },
  notes:
    "Exit code 1 when the run failed or has not ended yet. What the guard refused is not printed: it stayed there.",
  async run(args, io) {
    const client = await openClient(args, io);
    const run = await client.run(args.positional(0), { signal: io.signal });
    const { callId, state, metrics = {}, model = null, guardReport = null, failure } = run;
    if (state !== "completed" && state !== "failed") {
      throw new SluiceError("ERR_STATE", { kind: "run", name: callId, state, needed: "completed" });
    }
    if (args.flag("json")) {
      const failed = failure === undefined ? {} : { failure };
      io.stdout.write(`${JSON.stringify({ callId, state, metrics, model, guardReport, ...failed })}\n`);
    } else io.stdout.write(formatOutputs(run));
    if (failure === undefined) return 0;
    const { code, details, refusedBy } = failure;
    if (isErrorCode(code)) io.stderr.write(formatError(new SluiceError(code, details, { refusedBy })));
    return 1;
  },
};

function formatOutputs({ metrics = {}, model, guardReport, state }: Run): string {
  const rows = Object.entries(metrics).flatMap(([output, { values }]) =>
    Object.entries(values).map(([key, value]) => [`${output}.${key}`, String(value)]),
  );
  if (model !== undefined) {
    const parameters = modelParameters(model, ENGLISH_MODEL_WORDS);
    rows.push(...parameters.map(([name, value]) => [`model: ${name}`, String(value)]));
  }
  const parts = rows.length === 0 ? [`nothing was released; the run ${state}`] : [formatTable(rows)];
  if (guardReport !== undefined) parts.push(formatFindings(guardReport.findings));
  return `${parts.join("\n")}\n`;
}

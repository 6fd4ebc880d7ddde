/** How a run reads on a terminal.
 *  @module */
import { fromProblem, type Run, type RunEvent } from "@sluice/protocol";
import { findingCounts } from "./develop/guard-text.ts";
import { modelSummary } from "./model-text.ts";
import { formatTable } from "./table.ts";

/** The lines for one run. */
export function formatRun(run: Run): string {
  const rows: [string, string][] = [
    ["run", run.callId],
    ["operation", run.operation],
    ["product", `${run.product} version ${run.version}`],
    ["state", run.state === "running" ? `running, ${run.percent} %` : run.state],
    ["grant", run.grant],
    ["bundle", run.bundle],
  ];
  for (const [name, value] of Object.entries(run.params ?? {})) rows.push([`param ${name}`, String(value)]);
  if (run.certificate !== undefined) {
    const { sampleRows, suppressedRows, k } = run.certificate;
    rows.push(["sample", `${sampleRows} rows, ${suppressedRows} suppressed, every group of at least ${k}`]);
  }
  for (const [output, { values }] of Object.entries(run.metrics ?? {})) {
    for (const [name, value] of Object.entries(values)) rows.push([`${output}.${name}`, String(value)]);
  }
  if (run.model !== undefined) rows.push(["model", modelSummary(run.model)]);
  if (run.guardReport !== undefined) rows.push(["guard", findingCounts(run.guardReport.findings)]);
  if (run.snapshot !== undefined) rows.push(["snapshot", run.snapshot]);
  const lines = [formatTable(rows), ...run.log.map((line) => `  | ${line}`)];
  if (run.failure !== undefined) lines.push(failureLine(run.failure));
  return `${lines.join("\n")}\n`;
}

/** One line for one event. */
export function formatEvent(event: RunEvent): string {
  switch (event.kind) {
    case "state":
      return `${event.state}\n`;
    case "progress":
      return `${event.percent} %\n`;
    case "log":
      return `  | ${event.line}\n`;
    case "metric":
      return `  ${event.name} = ${event.value}\n`;
  }
}

/** The failure as its error would read. */
function failureLine({ code, details, refusedBy }: NonNullable<Run["failure"]>): string {
  const error = fromProblem({ type: "", title: "", status: 0, detail: "", remedy: "", code, details, refusedBy });
  return error === null ? `failed: ${code}` : `failed: ${code}: ${error.message}\nwhat to do: ${error.remedy}`;
}

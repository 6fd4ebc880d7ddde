/** How a run on the developer's machine reads, for a person and as JSON.
 *  @module */
import {
  isModel,
  type CheckedOutput,
  type JobManifest,
  type JobOutput,
  type Labels,
  type MemberFlags,
  type Metrics,
  type ReleasedModel,
  type SquareNetworkFit,
  type Table,
  type TableRows,
} from "@sluice/protocol";
import type { SourcePlace } from "@sluice/sandbox";
import { errorDocument, formatError } from "../error-text.ts";
import { ENGLISH_MODEL_WORDS, modelParameters } from "../model-text.ts";
import { noisyTableText } from "../report-page/text-form.ts";
import { formatTable } from "../table.ts";
import { formatFindings } from "./guard-text.ts";
import type { EntryReport, LocatedError } from "./local-run.ts";
import { selectionPlanLines } from "./planned-selection.ts";
import type { PlannedScore } from "./planned-score.ts";
import { sumPlanLines } from "./planned-sum.ts";
import { suppressedOf, type Suppressed } from "./suppressed.ts";
import { formatGuardedTable } from "./table-text.ts";

/** Lines around the place of an error. */
const CONTEXT_LINES = 2;
/** Columns of a source line that are shown. */
const MAX_SOURCE_COLUMNS = 110;

/** Lines on what is kept back. */
const MAX_SUPPRESSED_SHOWN = 48;

/** A value that a job returned, or that the guard let through. */
type OutputValue = Metrics | ReleasedModel | Labels | MemberFlags | SquareNetworkFit | TableRows | Table;

/** The lines for one function of the job: what it logged, what it returned and what of it may go on. */
export function formatEntry(report: EntryReport, manifest: JobManifest): string {
  const { entry, rows, wallMs, log, metrics, findings, failure } = report;
  const released = Object.values(manifest.outputs).some(isModel);
  const given = released ? ", with the model as the guard rounded it" : `, on ${rows} rows`;
  const lines = [`${entry}: ${failure === null ? "ok" : "failed"}, ${wallMs} ms${entry === "produce" ? given : ""}`];
  lines.push(...log.map((line) => `  | ${line}`));
  lines.push(...metrics.map(({ name, value }) => `  ${name} = ${value}`));
  const values = valueRows(report, manifest);
  if (values.length > 0) lines.push(formatTable(values.map((row) => [`  ${row[0] ?? ""}`, ...row.slice(1)])));
  if (report.score !== null) lines.push(`  ${scoreText(report.score)}`);
  for (const [name, table] of Object.entries(report.noisy)) {
    lines.push(indented(`${name}, of synthetic rows:\n${noisyTableText(table)}`));
  }
  for (const [name, plan] of Object.entries(report.selections)) {
    lines.push(...selectionPlanLines(name, plan).map((line) => `  ${line}`));
  }
  if (entry === "develop" && failure === null) {
    lines.push(...datasetLines(manifest), ...sumPlanLines(manifest).map((line) => `  ${line}`));
  }
  for (const [name, value] of Object.entries<OutputValue>(report.output?.values ?? {})) {
    if (value.kind === "table") lines.push(indented(`${name}: ${formatGuardedTable(value)}`));
  }
  if (findings.length > 0) lines.push(formatFindings(findings));
  const suppressed = suppressedOf(report, manifest).filter(({ rule }) => !/^(?:metrics|model)-/.test(rule));
  if (suppressed.length > 0) lines.push(suppressedText(suppressed));
  return `${lines.join("\n")}\n`;
}

/** What the guard keeps back, on rows that describe nobody; numbers that it changed stand beside what they were. */
function suppressedText(suppressed: readonly Suppressed[]): string {
  const shown = suppressed.slice(0, MAX_SUPPRESSED_SHOWN);
  const rows = shown.map(({ output, what, rule, why }) => [`    ${output}`, what, rule, why]);
  const more = suppressed.length - shown.length;
  const rest = more > 0 ? [`    and ${more} more`] : [];
  return ["  kept back:", formatTable(rows), ...rest].join("\n");
}

/** What callers would read of the sample that a domain has. */
function datasetLines({ outputs }: JobManifest): string[] {
  return Object.entries(outputs).flatMap(([name, spec]) => {
    if (spec.kind !== "dataset") return [];
    const { fields, days } = spec;
    const price = `a term of ${days} days costs ${fields.length * days} row-field-days for each`;
    return [`  ${name}: callers read rows of the certified sample in ${fields.join(", ")}; ${price}`];
  });
}

/** An error with the lines around its place. */
export function formatLocated({ error, place }: LocatedError): string {
  return `${place === null ? "" : sourceExcerpt(place)}${formatError(error)}`;
}

/** Lines around a place, the line itself marked. */
function sourceExcerpt({ file, line, column, source }: SourcePlace): string {
  const all = source?.split("\n") ?? [];
  const first = Math.max(1, line - CONTEXT_LINES);
  const last = Math.min(all.length, line + CONTEXT_LINES);
  const width = String(last).length;
  const lines = [`${file}:${line}:${column}`];
  for (let number = first; number <= last; number++) {
    const mark = number === line ? ">" : " ";
    const text = (all[number - 1] ?? "").slice(0, MAX_SOURCE_COLUMNS);
    lines.push(`${mark} ${String(number).padStart(width)} | ${text}`.trimEnd());
    if (number === line && column <= MAX_SOURCE_COLUMNS)
      lines.push(`  ${" ".repeat(width)} | ${" ".repeat(column - 1)}^`);
  }
  return `${lines.join("\n")}\n`;
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, "  ").replaceAll(/^ +$/gm, "");
}

/** One row for each number; what the guard changed shows both. */
function valueRows({ returned, output }: EntryReport, manifest: JobManifest): string[][] {
  if (returned === null) return [];
  return Object.entries<OutputValue>(returned.values).flatMap(([name, value]): string[][] => {
    const after: OutputValue | undefined = output?.values[name];
    switch (value.kind) {
      case "metrics":
        return Object.entries(value.values).map(([key, number]) => [
          `${name}.${key}`,
          ...changeCells(number, after?.kind === "metrics" ? after.values[key] : undefined),
        ]);
      case "linear-model":
      case "tree-model":
      case "scorecard":
      case "clusters":
        return modelRows(name, value, after !== undefined && isModel(after) ? after : undefined);
      case "labels":
        return [[name, labelText(labelCounts(manifest, name, value))]];
      case "set":
        return [[name, `${memberCount(value)} of ${value.members.length} synthetic rows are members`]];
      case "square-network":
        return [[name, after === undefined ? "stays here" : networkText(value)]];
      case "table-rows":
        return after === undefined ? [[name, "stays here"]] : [];
      case "table":
        return [];
    }
  });
}

function scoreText({ output, featureBound, errorBound, link }: PlannedScore): string {
  const columns = featureBound === undefined ? "their bounds, noise counted" : `±${featureBound}`;
  const error = `within ${errorBound.toPrecision(2)} of the plain ones for columns within ${columns}`;
  return `${output}: encrypted scores ${error}; callers apply ${link}`;
}

function networkText({ features, units }: SquareNetworkFit): string {
  return `${units.length} units over ${features.length} features, which stay in the domain`;
}

function memberCount({ members }: MemberFlags): number {
  return members.reduce((count, flag) => count + (flag === 1 ? 1 : 0), 0);
}

function modelRows(name: string, model: ReleasedModel, after: ReleasedModel | undefined): string[][] {
  const leaves = after === undefined ? [] : modelParameters(after, ENGLISH_MODEL_WORDS);
  if (model.kind === "linear-model" && after !== undefined) {
    // Features leave in one order, and those of no weight not at all.
    const left = new Map(leaves);
    return modelParameters(model, ENGLISH_MODEL_WORDS).map(([parameter, value]) => [
      `${name}: ${parameter}`,
      ...changeCells(value, left.get(parameter) ?? 0),
    ]);
  }
  return modelParameters(model, ENGLISH_MODEL_WORDS).map(([parameter, value], i) => [
    `${name}: ${leaves[i]?.[0] ?? parameter}`,
    ...changeCells(value, leaves[i]?.[1]),
  ]);
}

function changeCells(returned: number, leaves: number | undefined): string[] {
  if (leaves === undefined) return [String(returned), "stays here"];
  return Object.is(returned, leaves) ? [String(leaves), ""] : [String(leaves), `from ${returned}`];
}

/** Rows under each label of the vocabulary. */
function labelCounts(manifest: JobManifest, output: string, { codes }: Labels): Record<string, number> {
  const spec = manifest.outputs[output];
  const vocabulary = spec?.kind === "labels" ? spec.vocabulary : [];
  const counts = vocabulary.map(() => 0);
  for (const code of codes) counts[code] = (counts[code] ?? 0) + 1;
  return Object.fromEntries(vocabulary.map((label, code) => [label, counts[code] ?? 0]));
}

function labelText(counts: Record<string, number>): string {
  return Object.entries(counts)
    .map(([label, rows]) => `${label} ${rows}`)
    .join(", ");
}

/** One entry as JSON. Labels and members are counted, never listed. */
export function entryDocument(report: EntryReport, manifest: JobManifest): Record<string, unknown> {
  const { entry, rows, wallMs, layers, log, metrics, findings, returned, output, score, noisy, selections, failure } =
    report;
  return {
    entry,
    rows,
    ok: failure === null,
    wallMs,
    layers,
    log,
    metrics,
    findings,
    suppressed: suppressedOf(report, manifest),
    returned: returned === null ? null : outputDocument(returned, manifest),
    output: output === null ? null : outputDocument(output, manifest),
    ...(score === null ? {} : { score }),
    ...(Object.keys(noisy).length === 0 ? {} : { noisy }),
    ...(Object.keys(selections).length === 0 ? {} : { selections }),
    ...(failure === null ? {} : locatedDocument(failure)),
  };
}

/** An error and its place as JSON. */
export function locatedDocument({ error, place }: LocatedError): Record<string, unknown> {
  const where = place === null ? {} : { place: { file: place.file, line: place.line, column: place.column } };
  return { ...errorDocument(error), ...where };
}

function outputDocument(output: JobOutput | CheckedOutput, manifest: JobManifest): Record<string, unknown> {
  const document = (name: string, value: OutputValue): unknown => {
    switch (value.kind) {
      case "labels":
        return { kind: "labels", rows: labelCounts(manifest, name, value) };
      case "set":
        return { kind: "set", members: memberCount(value), rows: value.members.length };
      case "table-rows":
        return { kind: value.kind, dimensions: Object.keys(value.dimensions), measures: Object.keys(value.measures) };
      case "metrics":
      case "linear-model":
      case "tree-model":
      case "scorecard":
      case "clusters":
      case "square-network":
      case "table":
        return value;
    }
  };
  return Object.fromEntries(
    Object.entries<OutputValue>(output.values).map(([name, value]) => [name, document(name, value)]),
  );
}

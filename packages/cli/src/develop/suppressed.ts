/** What the guard kept back of a job's outputs, and why: known here because the rows are synthetic. A domain says neither which cell
 *  of a table is small nor how small.
 *  @module */
import { canonical, GUARD_RULES, MIN_CELL_SUBJECTS, type GuardRule } from "@sluice/desensitize";
import {
  isModel,
  NO_LEVEL,
  tableCells,
  type JobManifest,
  type Labels,
  type Table,
  type TableRows,
  type TableSpec,
} from "@sluice/protocol";
import type { EntryReport } from "./local-run.ts";

/** One thing that does not go on as it was returned. */
export interface Suppressed {
  readonly output: string;
  /** Cell, mean, metric or label, in declared names. */
  readonly what: string;
  readonly rule: GuardRule;
  readonly why: string;
}

/** Everything that is kept back or changed of the outputs of one function. */
export function suppressedOf({ returned, output }: EntryReport, manifest: JobManifest): Suppressed[] {
  return Object.entries(returned?.values ?? {}).flatMap(([name, value]): Suppressed[] => {
    const spec = manifest.outputs[name];
    const after = output?.values[name];
    if (value.kind === "table-rows" && spec?.kind === "table") {
      return tableSuppressed(name, value, spec, after?.kind === "table" ? after : null);
    }
    if (value.kind === "labels" && spec?.kind === "labels") return smallLabels(name, value, spec.vocabulary);
    if (value.kind === "set") return smallSet(name, value.members);
    if (value.kind === "metrics" && after?.kind === "metrics") {
      return Object.entries<number>(value.values).flatMap(([key, number]) =>
        changedMetric(name, key, number, after.values[key]),
      );
    }
    if (
      isModel(value) &&
      output !== null &&
      after !== undefined &&
      JSON.stringify(canonical(value)) !== JSON.stringify(after)
    ) {
      const rule = value.kind === "linear-model" ? "model-digits" : "model-range";
      return [{ output: name, what: "parameters", rule, why: GUARD_RULES[rule] }];
    }
    return [];
  });
}

function changedMetric(output: string, key: string, before: number, after: number | undefined): Suppressed[] {
  if (after === undefined || Object.is(before, after)) return [];
  const isCount = Number.isInteger(before) && Math.abs(before) > 1;
  const rule = isCount ? "metrics-count" : after === 0 ? "metrics-range" : "metrics-digits";
  return [{ output, what: key, rule, why: `${before} becomes ${after}: ${GUARD_RULES[rule]}` }];
}

function smallLabels(output: string, { codes }: Labels, vocabulary: readonly string[]): Suppressed[] {
  const counts = vocabulary.map((_, code) => codes.reduce((sum, own) => sum + (own === code ? 1 : 0), 0));
  return vocabulary.flatMap((label, code) => {
    const rows = counts[code] ?? 0;
    if (rows === 0 || rows >= MIN_CELL_SUBJECTS) return [];
    return [{ output, what: label, rule: "labels-cell" as const, why: fewWords(rows) }];
  });
}

function smallSet(output: string, members: Uint8Array): Suppressed[] {
  const inside = members.reduce((sum, flag) => sum + flag, 0);
  const sides = [["members", inside, false] as const, ["others", members.length - inside, true] as const];
  return sides.flatMap(([what, rows, mayBeNone]) =>
    rows >= MIN_CELL_SUBJECTS || (rows === 0 && mayBeNone)
      ? []
      : [{ output, what, rule: "set-cell" as const, why: fewWords(rows) }],
  );
}

/** Cells that are not listed, and means that are not given of those that are. */
function tableSuppressed(output: string, rows: TableRows, spec: TableSpec, after: Table | null): Suppressed[] {
  const counts = cellCounts(rows, spec);
  const listed = new Map(after?.cells.map((cell) => [cell.at.join(), cell]) ?? []);
  return counts.flatMap(({ at, rows: count, values }): Suppressed[] => {
    const what = at.map((level, i) => spec.dimensions[i]?.levels[level] ?? "").join(", ");
    const cell = listed.get(at.join());
    if (cell === undefined) {
      if (count === 0) return [];
      const rule = count < MIN_CELL_SUBJECTS ? "table-cells" : after === null ? null : "table-group";
      const why = rule === "table-cells" ? fewWords(count) : GUARD_RULES["table-group"];
      return rule === null ? [] : [{ output, what, rule, why }];
    }
    return spec.measures.flatMap((name, i) => {
      if (Object.hasOwn(cell.means, name)) return [];
      const having = values[i] ?? 0;
      const why = having < MIN_CELL_SUBJECTS ? fewWords(having, "have a value") : GUARD_RULES["table-mean"];
      return [{ output, what: `${what}: mean of ${name}`, rule: "table-mean" as const, why }];
    });
  });
}

interface CellCount {
  readonly at: readonly number[];
  rows: number;
  /** By measure, rows that have a value. */
  readonly values: number[];
}

function cellCounts(table: TableRows, { dimensions, measures }: TableSpec): CellCount[] {
  const cells: CellCount[] = Array.from({ length: tableCells(dimensions) }, (_, index) => {
    let rest = index;
    const at = dimensions.toReversed().map(({ levels }) => {
      const level = rest % levels.length;
      rest = Math.floor(rest / levels.length);
      return level;
    });
    return { at: at.toReversed(), rows: 0, values: measures.map(() => 0) };
  });
  const codes = dimensions.map(({ name }) => table.dimensions[name] ?? new Uint8Array(0));
  const length = codes[0]?.length ?? 0;
  for (let row = 0; row < length; row++) {
    const levels = codes.map((own) => own[row] ?? NO_LEVEL);
    if (levels.includes(NO_LEVEL)) continue;
    const cell = cells[levels.reduce((index, level, i) => index * (dimensions[i]?.levels.length ?? 1) + level, 0)];
    if (cell === undefined) continue;
    cell.rows++;
    for (const [i, name] of measures.entries()) {
      if (!Number.isNaN(table.measures[name]?.[row] ?? Number.NaN)) cell.values[i] = (cell.values[i] ?? 0) + 1;
    }
  }
  return cells;
}

function fewWords(rows: number, what = "are in it"): string {
  return `${rows} synthetic rows ${what}; it needs ${MIN_CELL_SUBJECTS} persons or things`;
}

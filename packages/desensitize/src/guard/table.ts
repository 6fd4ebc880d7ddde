/** Guard rules for tables: the guard itself groups the rows that a job put into groups, and leaves of each cell what
 *  disclosure control allows. A cell needs 10 persons or things; counts are rounded; a mean is left out when one or two
 *  of them make up most of it, when all of its values are the same, or when few tell it from another mean of its cell.
 *  Totals are sums of what is listed, so that nothing can be taken from them, and a cell that is not listed may be empty
 *  or small.
 *  @see ACRO's defaults: `safe_threshold` 10, `safe_nk_n` 2 and `safe_nk_k` 0.9, `safe_pratio_p` 0.1, rounding base 5,
 *  zeros disclosive; Hundepool et al., Statistical Disclosure Control (2012), §4.2
 *  @module */
import {
  NO_LEVEL,
  tableCells,
  type DomainFacts,
  type GuardFinding,
  type Table,
  type TableRows,
  type TableSpec,
} from "@sluice/protocol";
import { cellMeans } from "./cell-means.ts";
import { cellOrder, inCellOrder, levelsOfCell } from "./cells.ts";
import { farEnough } from "./differencing.ts";
import { finding, judged, type GuardRule } from "./finding.ts";
import { disclosingCells, sensitiveDimensions, type SensitiveDimension } from "./group-disclosure.ts";
import { NearSets } from "./near-sets.ts";
import { NearSums } from "./near-sums.ts";
import { followsFromRows, rowsAlike } from "./reversible.ts";
import { MAX_MAGNITUDE, roundToBase } from "./rounding.ts";
import { joinedSets, separateSets, TableSets, type CellRange } from "./shown-sets.ts";
import { MIN_CELL_SUBJECTS, SubjectNumbers, subjectsOf } from "./subjects.ts";

/** Rows of a cell are rounded to multiples of this. */
export const TABLE_BASE = 5;
/** Share of the grouped rows that may lie in cells that are not listed. */
const MAX_UNLISTED_SHARE = 0.2;

/** A cell that is large enough, and where its rows are in the order of cells. */
type ListedCell = CellRange & { readonly subjects: number };

/** What earlier tables of the source showed. */
type Before = Parameters<typeof farEnough>[2];

/** Applies the table rules. `value` is what may be served if no finding is refused; null when the rows are no table, or
 *  too few of them would be shown. What the findings say beyond a refusal can be seen in the table.
 *  Takes at most 128 bytes per row beside the rows. */
export function guardTable(
  output: string,
  rows: TableRows,
  spec: TableSpec,
  facts: DomainFacts,
): { value: Table | null; findings: GuardFinding[]; shown?: Uint32Array } {
  const findings = shapeFindings(output, rows, spec, facts.rowCount);
  const refused = (): boolean => findings.some(({ result }) => result === "refused");
  if (refused()) return { value: null, findings };
  if (facts.table !== undefined) {
    const alike = rowsAlike(facts.table);
    const said = [...Object.values(rows.dimensions), ...Object.values(rows.measures)];
    findings.push(
      judged(
        output,
        "table-order",
        said.every((values) => followsFromRows(values, alike)),
      ),
    );
    if (refused()) return { value: null, findings };
  }

  const sensitive = sensitiveDimensions(rows, spec, facts);
  const earlier = separateSets(facts.shown ?? new Uint32Array(0));
  const before = facts.tags === undefined ? null : { sets: new NearSets(earlier), sums: new NearSums(earlier) };
  const { cells, shown, rule } = listedCells(rows, spec, facts, { sensitive, before });
  if (cells === null) return { value: null, findings: [...findings, finding(output, rule, "refused")] };
  // Always the same, whatever was withheld: the cells say what is not listed, and not why.
  if (facts.table !== undefined) {
    findings.push(finding(output, "table-group", sensitive.length > 0 ? "changed" : "passed"));
  }
  if (before !== null) {
    findings.push(finding(output, "table-differencing", before.sets.isEmpty ? "passed" : "changed"));
  }
  const unlisted = cells.length < tableCells(spec.dimensions);
  const absent = cells.some(({ means }) => Object.keys(means).length < spec.measures.length);
  findings.push(
    finding(output, "table-cells", unlisted ? "changed" : "passed"),
    finding(output, "table-mean", absent ? "changed" : "passed"),
    // Rounded always: whether it changed a number would tell of that number.
    finding(output, "table-count", "changed"),
    finding(output, "table-digits", spec.measures.length > 0 ? "changed" : "passed"),
  );
  return { value: tableOf(cells, spec), findings, ...(shown === undefined ? {} : { shown }) };
}

function shapeFindings(output: string, rows: TableRows, spec: TableSpec, rowCount: number): GuardFinding[] {
  const sameNames = (values: object, names: readonly string[]): boolean =>
    Object.keys(values).length === names.length && names.every((name) => Object.hasOwn(values, name));
  const names = spec.dimensions.map(({ name }) => name);
  const declared = sameNames(rows.dimensions, names) && sameNames(rows.measures, spec.measures);
  if (!declared) return [judged(output, "table-columns", false)];
  const codes = spec.dimensions.map(({ name }) => rows.dimensions[name] ?? new Uint8Array(0));
  const measures = spec.measures.map((name) => rows.measures[name] ?? new Float64Array(0));
  const largest = Math.max(0, ...measures.map(largestMagnitude));
  const inLevels = spec.dimensions.every(({ levels }, i) => isWithin(codes[i] ?? [], levels.length));
  return [
    judged(output, "table-columns", true),
    judged(
      output,
      "table-length",
      [...codes, ...measures].every(({ length }) => length === rowCount),
    ),
    judged(output, "table-levels", inLevels),
    judged(output, "table-finite", largest !== Infinity),
    judged(output, "table-range", largest <= MAX_MAGNITUDE),
  ];
}

function isWithin(codes: Uint8Array | readonly number[], levels: number): boolean {
  for (const code of codes) if (code >= levels && code !== NO_LEVEL) return false;
  return true;
}

/** Of the numbers; 0 when there are none. */
function largestMagnitude(values: Float64Array): number {
  let largest = 0;
  for (const value of values) {
    const magnitude = Math.abs(value);
    if (magnitude > largest) largest = magnitude;
  }
  return largest;
}

/** The cells that may be shown, ascending, and whom they show when that is asked; null when none may, or when too many rows
 *  lie in others, by the rule that took them. */
function listedCells(
  table: TableRows,
  spec: TableSpec,
  facts: DomainFacts,
  { sensitive, before }: { readonly sensitive: readonly SensitiveDimension[]; readonly before: Before | null },
): { cells: Table["cells"] | null; shown?: Uint32Array; rule: GuardRule } {
  const order = cellOrder(table, spec, facts.rowCount);
  const { starts } = order;
  const groupedRows = starts.at(-1) ?? 0;
  const subjects = new Uint32Array(groupedRows);
  inCellOrder(order, subjectsOf(facts), subjects);
  const persons = before === null ? subjects : subjects.slice();
  const numbers = new SubjectNumbers(facts.rowCount);
  const counts = Uint32Array.from({ length: starts.length - 1 }, (_, index) => {
    const [from = 0, to = 0] = [starts[index], starts[index + 1]];
    return from === to ? 0 : numbers.number(subjects.subarray(from, to));
  });
  const withheld = disclosingCells(counts, spec, sensitive);
  const large = [...counts].flatMap((count, index): ListedCell[] => {
    const [from = 0, to = 0] = [starts[index], starts[index + 1]];
    if (count < MIN_CELL_SUBJECTS || withheld.has(index)) return [];
    return [{ at: levelsOfCell(index, spec), from, to, subjects: count }];
  });
  const enough = (some: readonly ListedCell[]): boolean => {
    const rows = some.reduce((sum, { from, to }) => sum + to - from, 0);
    return some.length > 0 && groupedRows - rows <= MAX_UNLISTED_SHARE * groupedRows;
  };
  if (!enough(large)) return { cells: null, rule: "table-cells" };

  const measures = spec.measures.map((name): [string, Float64Array] => {
    const values = new Float64Array(groupedRows);
    inCellOrder(order, table.measures[name] ?? [], values);
    return [name, values];
  });
  const sets = new TableSets({ persons, tags: facts.tags ?? new Uint32Array(0) });
  const far = before === null ? null : farEnough(large, sets, before);
  const listed = far?.cells ?? large;
  if (!enough(listed)) return { cells: null, rule: "table-differencing" };
  const shown = [...(far?.shown ?? [])];
  const sums = new Float64Array(listed.reduce((most, { subjects: count }) => Math.max(most, count), 0));
  const cells = listed.map(({ at, from, to, subjects: count }) => {
    const own = measures.map(([name, values]): [string, Float64Array] => [name, values.subarray(from, to)]);
    const means = cellMeans(own, { subjects: subjects.subarray(from, to), sums: sums.subarray(0, count) }, (values) => {
      if (before === null) return true;
      const set = sets.ofMean(values, from);
      if (before.sets.isNear(set)) return false;
      shown.push(set);
      return true;
    });
    return { at: [...at], rows: roundToBase(to - from, TABLE_BASE), means };
  });
  return { cells, rule: "table-cells", ...(before === null ? {} : { shown: joinedSets(shown) }) };
}

function tableOf(cells: Table["cells"], { dimensions, measures }: TableSpec): Table {
  const totals = dimensions.map(({ levels }, i) =>
    levels.map((_, level) => cells.reduce((sum, { at, rows }) => sum + (at[i] === level ? rows : 0), 0)),
  );
  return {
    kind: "table",
    dimensions,
    measures,
    cells,
    totals,
    total: cells.reduce((sum, { rows }) => sum + rows, 0),
    minimum: MIN_CELL_SUBJECTS,
    base: TABLE_BASE,
  };
}

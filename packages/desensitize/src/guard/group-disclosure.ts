/** Group disclosure (class disclosure) in tables: when everybody of a group has the same sensitive value, or all but a few,
 *  the table says it of each of them. Zeros tell: that nobody of a group is elsewhere is what is disclosed.
 *  @see ACRO's `zeros_are_disclosive`; Hundepool et al., Statistical Disclosure Control (2012), §5.2
 *  @module */
import type { DomainFacts, TableRows, TableSpec } from "@sluice/protocol";
import { likeliest, uncertainty, type Codes } from "./association.ts";
import { levelsOfCell } from "./cells.ts";
import { byRange } from "./row-columns.ts";
import { MIN_CELL_SUBJECTS } from "./subjects.ts";

/** A dimension is sensitive when a sensitive column tells this share of it, or it tells this share of the column. */
const SENSITIVE_SHARE = 0.5;
/** Parts into which the numbers of a sensitive column are cut. */
const SENSITIVE_PARTS = 32;

/** A dimension whose levels say something of a sensitive column. */
export interface SensitiveDimension {
  readonly index: number;
  /** For each level, what it says: levels that say the same are one. */
  readonly says: readonly number[];
}

/** The dimensions that say something of a sensitive column, by the rows and the roles that the domain gave; one for each way to
 *  read it. When the column tells the dimension, each level says something else; when the dimension tells the column, a level
 *  says what most of its rows have. One in which all rows have the same level may be about any column, and so is about a
 *  sensitive one. */
export function sensitiveDimensions(
  rows: TableRows,
  { dimensions }: Pick<TableSpec, "dimensions">,
  { table, sensitive = [] }: DomainFacts,
): SensitiveDimension[] {
  if (table === undefined) return [];
  const columns = sensitive.flatMap((name) => {
    const column = Object.hasOwn(table.columns, name) ? table.columns[name] : undefined;
    return column === undefined ? [] : [byRange(column, SENSITIVE_PARTS)];
  });
  return dimensions.flatMap(({ name, levels }, index) => {
    const codes = { codes: rows.dimensions[name] ?? new Uint8Array(0), levels: levels.length };
    const told = columns.some((column) => isConstant(codes) || uncertainty(column, codes) >= SENSITIVE_SHARE);
    const telling = columns.filter((column) => uncertainty(codes, column) >= SENSITIVE_SHARE);
    return [...(told ? [[...levels.keys()]] : []), ...telling.map((column) => likeliest(codes, column))].map(
      (says) => ({ index, says }),
    );
  });
}

function isConstant({ codes, levels }: Codes): boolean {
  const used = new Set<number>();
  for (let row = 0; row < codes.length; row++) {
    const code = codes[row] ?? levels;
    if (code < levels) used.add(code);
    if (used.size > 1) return false;
  }
  return true;
}

/** Cells of groups of whom fewer than MIN_CELL_SUBJECTS are where another thing is said of them than of most.
 *  @param subjects Persons or things of each cell */
export function disclosingCells(
  subjects: Uint32Array,
  spec: Pick<TableSpec, "dimensions">,
  sensitive: readonly SensitiveDimension[],
): Set<number> {
  const withheld = new Set<number>();
  const at = Array.from(subjects, (_, cell) => levelsOfCell(cell, spec));
  for (const { index, says } of sensitive) {
    const groups = Map.groupBy(at.keys(), (cell) => (at[cell] ?? []).with(index, 0).join());
    for (const cells of groups.values()) {
      const counts = new Map<number, number>();
      for (const cell of cells) {
        const said = says[at[cell]?.[index] ?? 0] ?? 0;
        counts.set(said, (counts.get(said) ?? 0) + (subjects[cell] ?? 0));
      }
      const all = [...counts.values()];
      const others = all.reduce((sum, count) => sum + count, 0) - Math.max(...all);
      if (others < MIN_CELL_SUBJECTS) for (const cell of cells) withheld.add(cell);
    }
  }
  return withheld;
}

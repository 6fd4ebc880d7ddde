/** Group disclosure (class disclosure) in tables: when everybody of a group has the same sensitive value, or all but a few,
 *  the table says it of each of them. Zeros tell: that nobody of a group is elsewhere is what is disclosed.
 *  @see ACRO's `zeros_are_disclosive`; Hundepool et al., Statistical Disclosure Control (2012), §5.2
 *  @module */
import type { DomainFacts, TableRows, TableSpec } from "@sluice/protocol";
import { uncertainty, type Codes } from "./association.ts";
import { levelsOfCell } from "./cells.ts";
import { byRange } from "./row-columns.ts";
import { MIN_CELL_SUBJECTS } from "./subjects.ts";

/** A dimension is sensitive when a sensitive column tells this share of it. */
const SENSITIVE_SHARE = 0.5;
/** Parts into which the numbers of a sensitive column are cut. */
const SENSITIVE_PARTS = 32;

/** Indices of the dimensions that say something of a sensitive column, by the rows and the roles that the domain gave. One in
 *  which all rows have the same level may be about any column, and so is about a sensitive one. */
export function sensitiveDimensions(
  rows: TableRows,
  { dimensions }: Pick<TableSpec, "dimensions">,
  { table, sensitive = [] }: DomainFacts,
): number[] {
  if (table === undefined) return [];
  const columns = sensitive.flatMap((name) => {
    const column = Object.hasOwn(table.columns, name) ? table.columns[name] : undefined;
    return column === undefined ? [] : [byRange(column, SENSITIVE_PARTS)];
  });
  return [...dimensions.keys()].filter((i) => {
    const { name, levels } = dimensions[i] ?? { name: "", levels: [] };
    const codes = { codes: rows.dimensions[name] ?? new Uint8Array(0), levels: levels.length };
    return columns.some((column) => isConstant(codes) || uncertainty(column, codes) >= SENSITIVE_SHARE);
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

/** Cells of groups in which fewer than MIN_CELL_SUBJECTS have another level of a sensitive dimension than most.
 *  @param subjects Persons or things of each cell */
export function disclosingCells(
  subjects: Uint32Array,
  spec: Pick<TableSpec, "dimensions">,
  sensitive: readonly number[],
): Set<number> {
  const withheld = new Set<number>();
  const at = Array.from(subjects, (_, cell) => levelsOfCell(cell, spec));
  for (const dimension of sensitive) {
    const groups = new Map<string, number[]>();
    for (const [cell, levels] of at.entries()) {
      const group = levels.with(dimension, 0).join();
      groups.set(group, [...(groups.get(group) ?? []), cell]);
    }
    for (const cells of groups.values()) {
      const counts = cells.map((cell) => subjects[cell] ?? 0);
      const others = counts.reduce((sum, count) => sum + count, 0) - Math.max(...counts);
      if (others < MIN_CELL_SUBJECTS) for (const cell of cells) withheld.add(cell);
    }
  }
  return withheld;
}

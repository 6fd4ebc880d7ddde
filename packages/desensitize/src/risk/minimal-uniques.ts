/** Minimal sample uniques: sets of up to three columns whose values only one row has, while no part of the set does. They are
 *  looked for in every column that a job sees, also those that were declared harmless: k holds for the quasi-identifiers alone.
 *  @see Elliot, Manning, Ford: A Computational Algorithm for Handling the Special Uniques Problem, 2002 (SUDA)
 *  @module */
import type { ColumnBatch } from "@sluice/protocol";
import { columnOf, refined, valueNumbers } from "./classes.ts";

/** Columns of one set at most. */
export const MAX_UNIQUE_COLUMNS = 3;
/** Rows times sets that are looked at: larger sets are left out before it is passed. */
export const MAX_UNIQUE_WORK = 20_000_000;

/** What was found. */
export interface MinimalUniques {
  readonly columns: readonly string[];
  /** Columns of the largest set that was looked at: below 3 when the work would have been too much. */
  readonly maxColumns: number;
  /** Minimal uniques of 1, 2 and 3 columns, as far as they were looked for. */
  readonly bySize: readonly number[];
  /** Share of the rows that have one. */
  readonly rows: number;
  /** By column, in the order of `columns`: share of the rows that have one with this column in it. */
  readonly byColumn: readonly number[];
}

interface Level {
  /** Columns of the set, ascending. */
  readonly set: readonly number[];
  readonly ofRow: Int32Array;
  readonly count: number;
}

/** Looks in `columns` of `batch`. @throws ERR_POLICY_COLUMN for a column that is not there */
export function minimalUniques(batch: ColumnBatch, columns: readonly string[]): MinimalUniques {
  const { rowCount } = batch;
  const maxColumns = affordable(columns.length, rowCount);
  const values = columns.map((name) => valueNumbers(columnOf(batch, name), rowCount));
  // Bits of the columns of each unique set, by row: a set is minimal when none of them is within it.
  const found: number[][] = Array.from({ length: rowCount }, () => []);
  const bySize: number[] = [];
  let levels: Level[] = [{ set: [], ofRow: new Int32Array(rowCount), count: 1 }];
  for (let size = 1; size <= maxColumns; size++) {
    const next: Level[] = [];
    let uniques = 0;
    for (const { set, ofRow, count } of levels) {
      for (let column = (set.at(-1) ?? -1) + 1; column < columns.length; column++) {
        const finer = refined(ofRow, count, values[column] ?? new Int32Array(rowCount));
        const members = [...set, column];
        uniques += noteUniques(found, finer, members);
        if (size < maxColumns) next.push({ set: members, ...finer });
      }
    }
    bySize.push(uniques);
    levels = next;
  }
  const withOne = found.filter((sets) => sets.length > 0).length;
  const share = (rows: number): number => (rowCount === 0 ? 0 : rows / rowCount);
  return {
    columns: [...columns],
    maxColumns,
    bySize,
    rows: share(withOne),
    byColumn: columns.map((_, i) => share(found.filter((sets) => sets.some((set) => (set & (1 << i)) !== 0)).length)),
  };
}

/** Notes the rows that are alone in their class, unless a part of the set says so already. */
function noteUniques(
  found: number[][],
  { ofRow, count }: { ofRow: Int32Array; count: number },
  members: readonly number[],
): number {
  const sizes = new Int32Array(count);
  for (const number of ofRow) sizes[number] = (sizes[number] ?? 0) + 1;
  const bits = members.reduce((all, column) => all | (1 << column), 0);
  let uniques = 0;
  for (const [row, number] of ofRow.entries()) {
    const sets = found[row];
    if (sizes[number] !== 1 || sets === undefined || sets.some((set) => (set & bits) === set)) continue;
    sets.push(bits);
    uniques++;
  }
  return uniques;
}

/** Most columns of a set for which the work stays below the limit; sets are bits of a 32-bit number. */
function affordable(columns: number, rows: number): number {
  if (columns > 31) return 0;
  let [sets, work, size] = [1, 0, 0];
  while (size < Math.min(MAX_UNIQUE_COLUMNS, columns)) {
    sets = (sets * (columns - size)) / (size + 1);
    work += sets * rows;
    if (work > MAX_UNIQUE_WORK) break;
    size++;
  }
  return size;
}

/** Rows of text as the plain computations read them.
 *  @module */
import type { CityTable } from "../city/table.ts";

/** Place of a column by its name. */
export function columnOf(table: Pick<CityTable, "header">): (name: string) => number {
  return (name) => table.header.indexOf(name);
}

/** Lower bound of the step that a number is in, with bounds. */
export function step(cell: string | undefined, width: number, low: number, high: number): number {
  const value = Math.min(high, Math.max(low, Number(cell)));
  return low + Math.floor((value - low) / width) * width;
}

/** Rows of a table, counted. */
export function rowCount(table: Pick<CityTable, "rows">): number {
  let count = 0;
  for (const _row of table.rows()) count++;
  return count;
}

/** Numbers and dates as bands on a grid. The grid is a round one for the range between the k-th smallest and the k-th
 *  largest person; its cells are counted, and put together until each band has enough persons.
 *  @module */
import { MAX_PROFILE_BANDS } from "@sluice/protocol";
import { niceAtLeast } from "./threshold.ts";

/** Cells of a grid at most, more or less. */
const GRID_CELLS = 100;
/** Least step as a share of the largest magnitude: below it numbers of 53 bits have no room for cells. */
const MIN_RELATIVE_STEP = 1e-9;
/** Steps of a grid of months. */
const MONTH_STEPS = [1, 3, 6, 12, 24, 60, 120, 240, 600, 1_200];
/** Most months of a grid: up to the year 99999. */
const MAX_STEP_MONTHS = 12_000;

/** Cell c holds the numbers from `c * step` to below `(c + 1) * step`; those outside go to the first and the last one. */
export interface Grid {
  readonly step: number;
  readonly first: number;
  readonly last: number;
}

/** Persons of one cell. */
export interface CellCount {
  readonly cell: number;
  readonly persons: number;
}

/** Bands: `starts[i]` is the first cell of band i, `end` the cell behind the last one. */
export interface Bands {
  readonly starts: readonly number[];
  readonly end: number;
  /** Exactly. */
  readonly persons: readonly number[];
}

/** The grid for numbers from about `low` to about `high`. */
export function numberGrid(low: number, high: number, whole: boolean): Grid {
  const magnitude = Math.max(Math.abs(low), Math.abs(high));
  const wanted = Math.max((high - low) / GRID_CELLS, magnitude * MIN_RELATIVE_STEP);
  const least = whole ? 1 : Number.MIN_VALUE;
  const step = wanted > least ? niceAtLeast(wanted) : 1;
  return { step, first: Math.floor(low / step), last: Math.floor(high / step) };
}

/** The grid for months, counted from the year 0. */
export function monthGrid(low: number, high: number): Grid {
  const step = MONTH_STEPS.find((step) => (high - low) / step <= GRID_CELLS) ?? MAX_STEP_MONTHS;
  return { step, first: Math.floor(low / step), last: Math.floor(high / step) };
}

/** Puts cells together to at most MAX_PROFILE_BANDS bands of about equal weight, each of at least `minimum` persons. No band
 *  when all together are fewer. */
export function mergeCells(cells: readonly CellCount[], grid: Grid, minimum: number): Bands {
  const total = cells.reduce((sum, { persons }) => sum + persons, 0);
  const enough = Math.max(minimum, Math.ceil(total / MAX_PROFILE_BANDS));
  const bands: { start: number; persons: number }[] = [];
  let start = grid.first;
  let persons = 0;
  const close = (next: number): void => {
    bands.push({ start, persons });
    [start, persons] = [next, 0];
  };
  for (const { cell, persons: own } of cells) {
    // A heavy cell begins a band of its own.
    if (own >= enough && persons >= minimum && bands.length < MAX_PROFILE_BANDS - 1) close(cell);
    persons += own;
    if (persons >= enough && bands.length < MAX_PROFILE_BANDS - 1) close(cell + 1);
  }
  const before = bands.at(-1);
  if (persons >= minimum) close(grid.last + 1);
  else if (before !== undefined) before.persons += persons;
  const end = Math.max(start, grid.last + 1);
  return { starts: bands.map(({ start }) => start), end, persons: bands.map(({ persons }) => persons) };
}

/** The number `cell * step`, as its decimal says it. */
export function edgeOf(cell: number, step: number): number {
  const [mantissa = "1", exponent = "0"] = step.toExponential().split("e");
  return Number(`${cell * Number(mantissa)}e${exponent}`);
}

/** The first day of the month that begins cell `cell`; days before the year 1 and after 9999 are those years' ends. */
export function firstDayOf(cell: number, step: number): string {
  const month = Math.min(Math.max(cell * step, 12), 12 * 10_000 - 1);
  const year = String(Math.floor(month / 12)).padStart(4, "0");
  return `${year}-${String((month % 12) + 1).padStart(2, "0")}-01`;
}

/** The cell of `ordered` as SQL: a whole number of the grid. */
export function cellExpression(ordered: string, { step, first, last }: Grid): string {
  const cell = `floor(${ordered} / CAST('${step}' AS DOUBLE))`;
  return `CAST(least(greatest(${cell}, CAST('${first}' AS DOUBLE)), CAST('${last}' AS DOUBLE)) AS BIGINT)`;
}

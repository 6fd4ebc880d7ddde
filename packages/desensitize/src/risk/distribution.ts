/** Distributions of one column: of a sample, and of the table it was drawn from.
 *  @module */
import { isValid, type Column } from "@sluice/protocol";

/** A column's values that are counted one by one; numbers with more are counted in bins. */
export const MAX_COUNTED_NUMBERS = 200;
/** Distinct values of a column that are counted at all. */
export const MAX_COUNTED_VALUES = 10_000;
/** Bins of equal width between the least and the largest number. */
export const NUMBER_BINS = 50;

/** Counts by value; a null does not count. Booleans are 0 and 1. */
export type Counts = ReadonlyMap<string | number, number>;

/** Width of bins over numbers from `least` to `most`. */
export interface Bins {
  readonly least: number;
  readonly width: number;
}

/** Counts of `column`'s values, or of the bins that they fall in. */
export function countValues(column: Column, rowCount: number, bins?: Bins): Counts {
  const counts = new Map<string | number, number>();
  for (let row = 0; row < rowCount; row++) {
    if (!isValid(column, row)) continue;
    const stored = column.values[row] ?? 0;
    const value = column.type === "dict" ? (column.dictionary[stored] ?? "") : stored;
    const key = bins === undefined || typeof value === "string" ? value : binOf(value, bins);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** Number of the bin that `value` falls in. */
export function binOf(value: number, { least, width }: Bins): number {
  return Math.min(NUMBER_BINS - 1, Math.max(0, Math.floor((value - least) / width)));
}

/** Total-variation distance ½Σ|p-q|; null when either side counts nothing. */
export function totalVariation(p: Counts, q: Counts): number | null {
  const [ofP, ofQ] = [total(p), total(q)];
  if (ofP === 0 || ofQ === 0) return null;
  let sum = 0;
  for (const [value, count] of p) sum += Math.abs(count / ofP - (q.get(value) ?? 0) / ofQ);
  for (const [value, count] of q) if (!p.has(value)) sum += count / ofQ;
  return Math.min(1, sum / 2);
}

function total(counts: Counts): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}

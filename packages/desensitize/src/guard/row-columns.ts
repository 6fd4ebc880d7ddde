/** Columns of rows as classifications, small enough to be held against what user code said of each row.
 *  @module */
import { isValid, type Column, type ColumnBatch } from "@sluice/protocol";
import type { Codes } from "./association.ts";

/** Levels that a classification of a column has at most; the last stands for all others. */
export const MAX_LEVELS = 256;
/** Rows that a first look at a column takes. */
const LOOK_ROWS = 4_096;

/** Value of a row as a number that is another for every other value; null when it has none. */
export function valueOf(column: Column, row: number): number | null {
  return isValid(column, row) ? (column.values[row] ?? 0) : null;
}

/** Distinct values in a first look at the column, at equal distances. */
export function distinctSeen(column: Column): Map<number, number> {
  const seen = new Map<number, number>();
  const rows = column.values.length;
  const step = Math.max(1, Math.floor(rows / LOOK_ROWS));
  for (let row = 0; row < rows; row += step) {
    const value = valueOf(column, row);
    if (value !== null) seen.set(value, (seen.get(value) ?? 0) + 1);
  }
  return seen;
}

/** The column by its MAX_LEVELS − 1 most frequent values, all others as one more; rows without a value take no part. */
export function byValue(column: Column): Codes {
  const counts = new Map<number, number>();
  for (let row = 0; row < column.values.length; row++) {
    const value = valueOf(column, row);
    if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const frequent = [...counts].sort(([a, m], [b, n]) => n - m || a - b).slice(0, MAX_LEVELS - 1);
  const places = new Map(frequent.map(([value], place) => [value, place]));
  const codes = new Uint16Array(column.values.length).fill(MAX_LEVELS);
  for (let row = 0; row < codes.length; row++) {
    const value = valueOf(column, row);
    if (value !== null) codes[row] = places.get(value) ?? MAX_LEVELS - 1;
  }
  return { codes, levels: MAX_LEVELS };
}

/** Numbers by which of `parts` equal parts of the column's values they are in; text as `byValue` has it. */
export function byRange(column: Column, parts: number): Codes {
  if (column.type === "dict" || column.type === "bool") return byValue(column);
  const sorted = [...distinctSeen(column)].flatMap(([value, count]) => Array.from({ length: count }, () => value));
  sorted.sort((a, b) => a - b);
  const bounds = Float64Array.from(
    { length: parts - 1 },
    (_, i) => sorted[Math.floor((sorted.length * (i + 1)) / parts)] ?? 0,
  );
  const codes = Uint16Array.from(column.values, (_, row) => {
    const value = valueOf(column, row);
    if (value === null) return parts;
    let [low, high] = [0, bounds.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value < (bounds[middle] ?? Infinity)) high = middle;
      else low = middle + 1;
    }
    return low;
  });
  return { codes, levels: parts };
}

/** A number for each row, the same for rows that agree in every column and, but for one in 2^52 pairs, another for others. */
export function rowNumbers({ rowCount, columns }: ColumnBatch): Float64Array {
  const [high, low] = [new Uint32Array(rowCount).fill(0x9e3779b9), new Uint32Array(rowCount).fill(0x85ebca6b)];
  const double = new Float64Array(1);
  const words = new Uint32Array(double.buffer);
  for (const column of Object.values(columns)) {
    for (let row = 0; row < rowCount; row++) {
      const value = valueOf(column, row);
      // Adding 0 makes -0 the same number as 0; a missing value is as no number is.
      double[0] = value === null ? Number.NaN : value + 0;
      const [first = 0, second = 0] = words;
      high[row] = mixed((high[row] ?? 0) ^ first, second);
      low[row] = mixed(Math.imul(low[row] ?? 0, 0x01000193) ^ second, first ^ 0x27d4eb2f);
    }
  }
  const numbers = new Float64Array(rowCount);
  for (let row = 0; row < rowCount; row++) {
    numbers[row] = ((high[row] ?? 0) >>> 6) * 2 ** 26 + ((low[row] ?? 0) >>> 6);
  }
  return numbers;
}

/** The finaliser of MurmurHash3 over both words. */
function mixed(one: number, other: number): number {
  let word = Math.imul(one ^ Math.imul(other, 0xcc9e2d51), 0x1b873593);
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return (word ^ (word >>> 16)) >>> 0;
}

/** Whether what a job says of each row gives the row away: a copied column, the low digits of a number, the place of the
 *  row. Heuristics: they find what somebody would write first, and no code that hides itself. What can be written at most
 *  is `channelBits`.
 *  @module */
import type { Column, ColumnBatch } from "@sluice/protocol";
import { recovery, uncertainty, type Codes } from "./association.ts";
import { byValue, distinctSeen, MAX_LEVELS, rowNumbers, valueOf } from "./row-columns.ts";

/** A column is given back when this share of the wrong guesses at its values is saved. */
const COPIED_LAMBDA = 0.9;
/** Values that are given back at least: of two, a yes or no, an answer may be just that. */
const MIN_COPIED_VALUES = 3;
/** Low digits decide a code when they tell this share of it. */
const DIGIT_SHARE = 0.5;
/** Values of a column for each value of its low digits: with fewer, the digits are the number. */
const VALUES_PER_DIGIT = 8;
/** Bits of low digits that are looked at. */
const MAX_DIGIT_LEVELS = 64;
/** Rows that agree in every column with another, so that it is asked whether codes follow from rows. */
const MIN_ALIKE_ROWS = 50;
/** Share of them whose code may be another than that of most rows like them: ties at the bounds of ranks. */
const MAX_UNEXPLAINED_SHARE = 0.05;

/** Whether `codes` give back the values of a column of three or more, or of several columns together. */
export function copiesColumn(codes: Codes, { columns }: ColumnBatch): boolean {
  let together: Codes | null = null;
  for (const column of Object.values(columns)) {
    if (!canBeTold(column, codes.levels)) continue;
    const values = byValue(column);
    if (recovery(codes, values).lambda < COPIED_LAMBDA) continue;
    together = together === null ? compact(values) : compact(paired(together, compact(values)));
  }
  if (together === null) return false;
  const { lambda, recovered } = recovery(codes, together);
  return lambda >= COPIED_LAMBDA && recovered >= MIN_COPIED_VALUES;
}

/** Whether so few codes could tell most values: by a first look, which is kinder by a tenth. */
function canBeTold(column: Column, levels: number): boolean {
  const counts = [...distinctSeen(column).values()].sort((a, b) => b - a);
  const all = counts.reduce((sum, count) => sum + count, 0);
  const told = counts.slice(0, levels).reduce((sum, count) => sum + count, 0);
  return told >= 0.8 * all;
}

/** Both classifications at once; rows that take no part in one have a code that is no level. */
function paired(one: Codes, other: Codes): Codes {
  const levels = one.levels * other.levels;
  const codes = Uint32Array.from(one.codes, (code, row) => {
    const second = other.codes[row] ?? other.levels;
    return code >= one.levels || second >= other.levels ? levels : code * other.levels + second;
  });
  return { codes, levels };
}

/** The levels that occur, numbered by their rows, the most frequent first, and at most MAX_LEVELS. */
function compact({ codes, levels }: Codes): Codes {
  const counts = new Uint32Array(levels);
  for (let row = 0; row < codes.length; row++) {
    const code = codes[row] ?? levels;
    if (code < levels) counts[code] = (counts[code] ?? 0) + 1;
  }
  const order = [...counts.keys()].filter((code) => counts[code] !== 0);
  order.sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0) || a - b);
  const used = Math.min(order.length, MAX_LEVELS);
  const names = new Uint16Array(levels).fill(used - 1);
  for (const [place, code] of order.entries()) if (place < used) names[code] = place;
  const renamed = Uint16Array.from(codes, (code) => (code < levels ? (names[code] ?? used) : MAX_LEVELS));
  return { codes: renamed, levels: used };
}

/** Whether the low digits of a number, or the low bits of how it is stored, decide `codes`. */
export function readsLowDigits(codes: Codes, { columns }: ColumnBatch): boolean {
  return Object.values(columns).some(
    (column) =>
      (column.type === "f64" || column.type === "i32") &&
      lowDigits(column).some((digits) => uncertainty(digits, codes) >= DIGIT_SHARE),
  );
}

/** The number of the last digit of a column's numbers, of whole ones and of hundredths, in base 10 and 2^b. */
function lowDigits(column: Extract<Column, { type: "f64" | "i32" }>): Codes[] {
  const values = [...distinctSeen(column).keys()];
  const whole = values.every((value) => Number.isInteger(value));
  const parts = (levels: number, digit: (value: number) => number): Codes[] => {
    const distinct = new Set(values.map((value) => Math.floor(value))).size;
    const enough = (whole ? values.length : Math.max(distinct, values.length / 2)) >= VALUES_PER_DIGIT * levels;
    if (!enough) return [];
    const codes = new Uint16Array(column.values.length).fill(levels);
    for (let row = 0; row < codes.length; row++) {
      const value = valueOf(column, row);
      if (value !== null) codes[row] = digit(value);
    }
    return [{ codes, levels }];
  };
  const modulo = (value: number, base: number): number => ((value % base) + base) % base;
  const binary = 2 ** Math.min(6, Math.max(1, Math.floor(Math.log2(values.length / VALUES_PER_DIGIT || 1))));
  const facets = [
    ...parts(binary, (value) => modulo(Math.floor(value), binary)),
    ...parts(10, (value) => modulo(Math.floor(value), 10)),
  ];
  if (whole) return facets;
  const double = new Float64Array(1);
  const words = new Uint32Array(double.buffer);
  return [
    ...facets,
    ...parts(binary, (value) => modulo(Math.round(value * 100), binary)),
    ...parts(10, (value) => modulo(Math.round(value * 100), 10)),
    ...parts(MAX_DIGIT_LEVELS, (value) => {
      double[0] = value;
      return (words[0] ?? 0) % MAX_DIGIT_LEVELS;
    }),
  ];
}

/** Rows by what they hold: rows that agree in every column have the same number. */
export interface RowsAlike {
  /** Number of what the row holds, by first appearance. */
  readonly numbers: Uint32Array;
  readonly kinds: number;
}

/** Numbers what the rows of `table` hold. */
export function rowsAlike(table: ColumnBatch): RowsAlike {
  const numbered = new Map<number, number>();
  const hashes = rowNumbers(table);
  const numbers = new Uint32Array(hashes.length);
  for (let row = 0; row < numbers.length; row++) {
    const hash = hashes[row] ?? 0;
    let number = numbered.get(hash);
    if (number === undefined) numbered.set(hash, (number = numbered.size));
    numbers[row] = number;
  }
  return { numbers, kinds: numbered.size };
}

/** Whether rows that hold the same get the same of `values`, but for a few: if not, the place of a row decides, or chance.
 *  Finds nothing where no rows are alike. */
export function followsFromRows(values: ArrayLike<number>, { numbers, kinds }: RowsAlike): boolean {
  const sizes = new Uint32Array(kinds);
  for (const kind of numbers) sizes[kind] = (sizes[kind] ?? 0) + 1;
  const votes = new Uint32Array(kinds);
  const leaders = new Float64Array(kinds);
  // Boyer and Moore's vote: what most rows of a kind have, if most have one.
  for (const [row, kind] of numbers.entries()) {
    const value = keyOf(values[row]);
    const lead = votes[kind] ?? 0;
    if (lead === 0) leaders[kind] = value;
    votes[kind] = lead === 0 || leaders[kind] === value ? lead + 1 : lead - 1;
  }
  let [alike, other] = [0, 0];
  for (const [row, kind] of numbers.entries()) {
    if ((sizes[kind] ?? 0) < 2) continue;
    alike++;
    if (leaders[kind] !== keyOf(values[row])) other++;
  }
  return alike < MIN_ALIKE_ROWS || other <= MAX_UNEXPLAINED_SHARE * alike;
}

/** NaN is a value like others. */
function keyOf(value: number | undefined): number {
  return value === undefined || Number.isNaN(value) ? Infinity : value;
}

/** What peeling leaves of a store, solved by elimination over GF(2): keys that share all their rows, most often none.
 *  @module */
import type { Bytes } from "@sluice/protocol";
import { SPARSE_ARITY, type Places } from "./place.ts";
import type { OkvsShape } from "./shape.ts";

/** Most keys that are eliminated, which bounds the time to seconds. Sets of up to so many need no more; of larger ones
 *  peeling leaves so many with a probability far below 2^-40, as the share of rows is above its threshold. */
export const MAX_CORE_KEYS = 8_192;

/** What is to be solved: `keys` of `places`, their values, and the rows, of which those that decide nothing stay. */
export interface Core {
  readonly shape: OkvsShape;
  readonly places: Places;
  readonly keys: Uint32Array;
  readonly values: Bytes;
  readonly rows: Bytes;
  readonly valueBytes: number;
}

/** Sets rows so that each key of the core has its value; false when no rows do, or the core is too large. */
export function solveCore({ shape, places, keys, values, rows, valueBytes }: Core): boolean {
  if (keys.length > MAX_CORE_KEYS) return false;
  const columns = columnsOf(shape, places, keys);
  const words = Math.ceil(columns.length / 32);
  const matrix = new Uint32Array(keys.length * words);
  const sums = new Uint8Array(keys.length * valueBytes);
  const columnOf = new Map(columns.map((row, column) => [row, column]));
  const flip = (i: number, row: number): void => {
    const column = columnOf.get(row) ?? 0;
    const at = i * words + (column >>> 5);
    matrix[at] = (matrix[at] ?? 0) ^ (1 << (column & 31));
  };
  for (const [i, key] of keys.entries()) {
    for (let j = 0; j < SPARSE_ARITY; j++) flip(i, places.sparse[key * SPARSE_ARITY + j] ?? 0);
    for (let j = 0; j < shape.dense; j++) {
      if ((((places.dense[key] ?? 0) >>> j) & 1) === 1) flip(i, shape.sparse + j);
    }
    sums.set(values.subarray(key * valueBytes, (key + 1) * valueBytes), i * valueBytes);
  }
  const pivots = eliminate(matrix, words, sums, valueBytes, keys.length);
  if (pivots === null) return false;
  // A row's columns are those of no row, or of a later one, which is set by then.
  for (const { i, column } of pivots.toReversed()) {
    const sum = sums.subarray(i * valueBytes, (i + 1) * valueBytes);
    for (let other = 0; other < columns.length; other++) {
      if (other !== column && bitAt(matrix, i * words, other)) xorRow(sum, rows, (columns[other] ?? 0) * valueBytes);
    }
    rows.set(sum, (columns[column] ?? 0) * valueBytes);
  }
  return true;
}

/** The rows that the keys read: sparse ones first. */
function columnsOf(shape: OkvsShape, places: Places, keys: Uint32Array): number[] {
  const sparse = new Set<number>();
  for (const key of keys) {
    for (let j = 0; j < SPARSE_ARITY; j++) sparse.add(places.sparse[key * SPARSE_ARITY + j] ?? 0);
  }
  return [...sparse, ...Array.from({ length: shape.dense }, (_, j) => shape.sparse + j)];
}

interface Pivot {
  readonly i: number;
  readonly column: number;
}

/** Takes each row's pivot out of the later rows, and out of their sums; null when a row is empty and its sum is not. */
function eliminate(matrix: Uint32Array, words: number, sums: Bytes, valueBytes: number, count: number): Pivot[] | null {
  const pivots: Pivot[] = [];
  for (let i = 0; i < count; i++) {
    const own = i * words;
    const sum = sums.subarray(i * valueBytes, (i + 1) * valueBytes);
    for (const pivot of pivots) {
      if (!bitAt(matrix, own, pivot.column)) continue;
      for (let w = 0; w < words; w++) matrix[own + w] = (matrix[own + w] ?? 0) ^ (matrix[pivot.i * words + w] ?? 0);
      xorRow(sum, sums, pivot.i * valueBytes);
    }
    const word = matrix.subarray(own, own + words).findIndex((bits) => bits !== 0);
    if (word >= 0) pivots.push({ i, column: word * 32 + lowestBit(matrix[own + word] ?? 0) });
    else if (sum.some((byte) => byte !== 0)) return null;
  }
  return pivots;
}

function bitAt(matrix: Uint32Array, row: number, column: number): boolean {
  return (((matrix[row + (column >>> 5)] ?? 0) >>> (column & 31)) & 1) === 1;
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** `to` ^= the bytes of `from` at `at`. */
function xorRow(to: Bytes, from: Bytes, at: number): void {
  for (let b = 0; b < to.length; b++) to[b] = (to[b] ?? 0) ^ (from[at + b] ?? 0);
}

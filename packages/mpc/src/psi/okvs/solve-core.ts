/** What peeling leaves of a store, solved by elimination over GF(2): keys that share all their rows, most often none.
 *  @module */
import type { Bytes } from "@sluice/protocol";
import type { PsiKernel } from "../../kernel/psi-kernel.ts";
import type { OkvsShape } from "./shape.ts";

/** Words of a place, of which three are sparse rows. */
const PLACE_WORDS = 4;
const SPARSE_ARITY = 3;
/** Most keys that are eliminated, which bounds the time to seconds. Sets of up to so many need no more; larger ones are 8.8
 *  standard deviations and more above the threshold of peeling, which is less than 2^-60 (test/okvs-failure.test.ts). */
export const MAX_CORE_KEYS = 8_192;

/** What is to be solved: `keys` of those whose places and values lie in the kernel's memory, as do the rows, of which those
 *  that decide nothing stay. */
interface Core {
  readonly kernel: PsiKernel;
  readonly shape: OkvsShape;
  readonly keys: Uint32Array;
  readonly at: { readonly places: number; readonly values: number; readonly rows: number };
  readonly valueBytes: number;
}

/** Sets rows so that each key of the core has its value; false when no rows do, or the core is too large. */
export function solveCore({ kernel: { bytes }, shape, keys, at, valueBytes }: Core): boolean {
  if (keys.length > MAX_CORE_KEYS) return false;
  const all = new Uint32Array(bytes.buffer, at.places);
  const places = Array.from(keys, (key) => all.subarray(PLACE_WORDS * key, PLACE_WORDS * (key + 1)));
  const rows = bytes.subarray(at.rows, at.rows + shape.rows * valueBytes);
  const columns = columnsOf(shape, places);
  const words = Math.ceil(columns.length / 32);
  const matrix = new Uint32Array(keys.length * words);
  const sums = new Uint8Array(keys.length * valueBytes);
  const columnOf = new Map(columns.map((row, column) => [row, column]));
  const flip = (i: number, row: number): void => {
    const column = columnOf.get(row) ?? 0;
    const at = i * words + (column >>> 5);
    matrix[at] = (matrix[at] ?? 0) ^ (1 << (column & 31));
  };
  for (const [i, place] of places.entries()) {
    for (const row of place.subarray(0, SPARSE_ARITY)) flip(i, row);
    for (let j = 0; j < shape.dense; j++) if ((((place[SPARSE_ARITY] ?? 0) >>> j) & 1) === 1) flip(i, shape.sparse + j);
    const value = at.values + (keys[i] ?? 0) * valueBytes;
    sums.set(bytes.subarray(value, value + valueBytes), i * valueBytes);
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
function columnsOf(shape: OkvsShape, places: readonly Uint32Array[]): number[] {
  const sparse = new Set(places.flatMap((place) => [...place.subarray(0, SPARSE_ARITY)]));
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

/** The linear layer: sums of polynomials times small whole weights, modulo primes of 60 bits, in double precision without loss. A
 *  coefficient is read as two halves of 32 and 28 bits; products with weights up to 2^10 and their sums over 32 columns stay below
 *  2^53, and only the sum is reduced. No encoded constants, so a model needs no memory beyond its weights.
 *  @module */
import type { Bytes } from "@sluice/protocol";

/** Coefficients that are summed at a time, so that all columns of them stay in the cache. */
const CHUNK = 512;
const HALF = 2 ** 32;

/** Splits columns into chunks once and gives every unit's sum.
 *  @param columns polynomials of 8 bytes a coefficient, little-endian, prime after prime, each with `ring` coefficients
 *  @param weights whole numbers of each unit, at most 2^10 in magnitude, one per column
 *  @param constants what is added to every coefficient of a unit, for each prime, below the prime */
export function wholeSums(
  columns: readonly Bytes[],
  weights: readonly (readonly number[])[],
  constants: readonly (readonly bigint[])[],
  primes: readonly bigint[],
): Bytes[] {
  const words = columns.map((column) => new Uint32Array(column.buffer, column.byteOffset, column.length / 4));
  const length = words[0]?.length ?? 0;
  const sums = weights.map(() => new Uint32Array(length));
  // Padded to whole groups of four with columns of zeros.
  const groups = Math.ceil(columns.length / 4);
  const halves = Array.from({ length: 4 * groups }, () => new Float64Array(2 * CHUNK));
  const padded = weights.map((unit) => Float64Array.from({ length: 4 * groups }, (_, i) => unit[i] ?? 0));
  const sum = new Float64Array(2 * CHUNK);
  for (let from = 0; from < length; from += 2 * CHUNK) {
    for (const [i, column] of words.entries()) halves[i]?.set(column.subarray(from, from + 2 * CHUNK));
    const index = Math.floor((from * primes.length) / length);
    const prime = primes[index] ?? 1n;
    for (const [j, unit] of padded.entries()) {
      sum.fill(0);
      for (let i = 0; i < 4 * groups; i += 4) addGroup(sum, halves, unit, i);
      const target = sums[j];
      if (target !== undefined) reduce(sum, prime, constants[j]?.[index] ?? 0n, target, from);
    }
  }
  return sums.map((polynomial) => new Uint8Array(polynomial.buffer));
}

function addGroup(sum: Float64Array, halves: readonly Float64Array[], unit: Float64Array, at: number): void {
  const [a, b, c, d] = [halves[at], halves[at + 1], halves[at + 2], halves[at + 3]];
  if (a === undefined || b === undefined || c === undefined || d === undefined) return;
  const [v = 0, w = 0, x = 0, y = 0] = unit.subarray(at, at + 4);
  for (let k = 0; k < 2 * CHUNK; k++) {
    sum[k] = (sum[k] ?? 0) + (v * (a[k] ?? 0) + w * (b[k] ?? 0) + (x * (c[k] ?? 0) + y * (d[k] ?? 0)));
  }
}

/** The quotient by the prime is off by one at most, which the last step puts right. */
function reduce(sum: Float64Array, prime: bigint, constant: bigint, target: Uint32Array, from: number): void {
  const [p0, p1] = [Number(prime & 0xffff_ffffn), Number(prime >> 32n)];
  const [k0, k1] = [Number(constant & 0xffff_ffffn), Number(constant >> 32n)];
  const inverse = 1 / Number(prime);
  for (let k = 0; k < 2 * CHUNK; k += 2) {
    const lower = (sum[k] ?? 0) + k0;
    const upper = (sum[k + 1] ?? 0) + k1;
    const times = Math.floor((upper * HALF + lower) * inverse);
    let low = lower - times * p0;
    let high = upper - times * p1;
    const carry = Math.floor(low / HALF);
    low -= carry * HALF;
    high += carry;
    if (high < 0) {
      low += p0;
      high += p1;
    } else if (high > p1 || (high === p1 && low >= p0)) {
      low -= p0;
      high -= p1;
    }
    if (low >= HALF) {
      low -= HALF;
      high += 1;
    } else if (low < 0) {
      low += HALF;
      high -= 1;
    }
    target[from + k] = low;
    target[from + k + 1] = high;
  }
}

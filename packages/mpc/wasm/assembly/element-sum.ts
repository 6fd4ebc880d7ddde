/** Σ weight · element over public elements of ristretto255, by Pippenger's buckets: what the proof of a batch of evaluations
 *  needs. Elements and weights are public; times depend on them.
 *  Memory: whoever calls lays out what each function names, and keeps it between the calls.
 *  @module */
import { bitsAt, raise } from "./digits";
import { fromBytes, FE_BYTES } from "./field";
import { addPoint, addTerm, CONSTANT_BYTES, decode, double, encode, identity, POINT_BYTES, TERM_BYTES } from "./group";

/** Weights are below the order of the group, 2^252 and a little. */
const WEIGHT_BITS: i32 = 253;

/** Expands the seven constants of the group from 32 bytes each. */
export function sumConstants(constants: usize, bytes: usize): void {
  for (let i: usize = 0; i < CONSTANT_BYTES / FE_BYTES; i++) fromBytes(constants + i * FE_BYTES, bytes + 32 * i);
}

/** Decodes `count` elements of 32 bytes into terms. Returns the index of the first that is no canonical encoding, or -1. */
export function sumDecode(terms: usize, elements: usize, count: i32, constants: usize, scratch: usize): i32 {
  for (let i: i32 = 0; i < count; i++) {
    const at = i as usize;
    if (!decode(terms + at * TERM_BYTES, elements + at * 32, constants, scratch)) return i;
  }
  return -1;
}

/** Encodes Σ weights[i] · terms[i] to `out`. `weights` are 32 little-endian bytes each, below the order of the group; they are
 *  changed. `buckets` has 2^(window - 1) points, `sum` three. `window`, the bits of a digit, is 3 to 8. */
export function sumWeighted(
  out: usize,
  terms: usize,
  weights: usize,
  count: i32,
  window: i32,
  buckets: usize,
  sum: usize,
  constants: usize,
  scratch: usize,
): void {
  const running = sum + POINT_BYTES;
  const part = sum + 2 * POINT_BYTES;
  const half: i32 = 1 << (window - 1);
  const top: i32 = (WEIGHT_BITS - 1) / window;
  for (let i: i32 = 0; i < count; i++) raise(weights + ((32 * i) as usize), window, top);
  identity(sum);
  for (let digit: i32 = top; digit >= 0; digit--) {
    for (let i: i32 = 0; i < window; i++) double(sum, scratch);
    for (let i: i32 = 0; i < half; i++) identity(buckets + (i as usize) * POINT_BYTES);
    for (let i: i32 = 0; i < count; i++) {
      const bits = bitsAt(weights + ((32 * i) as usize), digit * window, window);
      const value = digit == top ? bits : bits - half;
      if (value == 0) continue;
      const bucket = buckets + ((abs(value) - 1) as usize) * POINT_BYTES;
      addTerm(bucket, terms + (i as usize) * TERM_BYTES, value < 0, scratch);
    }
    // Σ j · bucket[j] as the sum of the sums from the top.
    identity(running);
    identity(part);
    for (let i: i32 = half - 1; i >= 0; i--) {
      addPoint(running, buckets + (i as usize) * POINT_BYTES, constants, scratch);
      addPoint(part, running, constants, scratch);
    }
    addPoint(sum, part, constants, scratch);
  }
  encode(out, sum, constants, scratch);
}

/** Σ weight · element over public elements of ristretto255: the composite of a batched proof, over which the prover then
 *  works with its key in libsodium. Elements and weights are known to whoever sees the batch, so times may depend on
 *  them; no secret enters here.
 *
 *  Many elements are summed by buckets in WebAssembly (packages/mpc/wasm/assembly/element-sum.ts), at a sixth of the time that one
 *  multiplication for each takes; few, and all where an engine has no WebAssembly of ours, by libsodium.
 *  @see https://www.rfc-editor.org/rfc/rfc9496
 *  @module */
import { ELEMENT_BYTES, MAX_OPRF_ELEMENTS, type Bytes } from "@sluice/protocol";
import sodium from "libsodium-wrappers-sumo";
import type { OprfKernel } from "../kernel/oprf-kernel.ts";
import { CONSTANTS, FREE, openGroupKernel, POINT_BYTES, SCRATCH, TERM_BYTES } from "./group-kernel.ts";

/** Fewer than this many are faster one by one. */
const MIN_BUCKETED = 6;
const MAX_WINDOW = 7;

/** Layout of a room for sums, in bytes from its beginning. */
const SUM = 0;
const OUT = SUM + 3 * POINT_BYTES;
const ELEMENTS = OUT + ELEMENT_BYTES;
const WEIGHTS = ELEMENTS + MAX_OPRF_ELEMENTS * ELEMENT_BYTES;
const BUCKETS = WEIGHTS + MAX_OPRF_ELEMENTS * ELEMENT_BYTES;
/** Bytes of the room. */
export const SUM_ROOM_BYTES = BUCKETS + 2 ** (MAX_WINDOW - 1) * POINT_BYTES;
/** Bytes of the terms of a batch, which whoever sums them keeps. */
export const BATCH_TERMS_BYTES = MAX_OPRF_ELEMENTS * TERM_BYTES;

/** Σ weights[i] · elements[i], for 1 to MAX_OPRF_ELEMENTS canonical elements and as many reduced scalars. */
export function weightedSum(elements: readonly Bytes[], weights: readonly Bytes[]): Bytes {
  if (elements.length > MAX_OPRF_ELEMENTS) throw new RangeError("a sum of more elements than a batch has");
  const opened = elements.length < MIN_BUCKETED ? null : kernel();
  if (opened === null) return weightedSumOneByOne(elements, weights);
  const terms = FREE + SUM_ROOM_BYTES;
  if (decodeTerms(opened, terms, elements, FREE) >= 0) throw new RangeError("an element of a sum is not canonical");
  return sumTerms(opened, terms, weights, FREE);
}

/** The same by libsodium alone: the reference. */
export function weightedSumOneByOne(elements: readonly Bytes[], weights: readonly Bytes[]): Bytes {
  let sum: Bytes | undefined;
  for (const [i, element] of elements.entries()) {
    const term = sodium.crypto_scalarmult_ristretto255(weights[i] ?? new Uint8Array(ELEMENT_BYTES), element);
    sum = sum === undefined ? term : sodium.crypto_core_ristretto255_add(sum, term);
  }
  if (sum === undefined) throw new RangeError("a sum needs at least one element");
  return sum;
}

/** Decodes a batch to `terms` in the kernel's memory; the index of the first element that is not canonical, or -1.
 *  @param room where SUM_ROOM_BYTES are free */
export function decodeTerms(opened: OprfKernel, terms: number, elements: readonly Bytes[], room: number): number {
  for (const [i, element] of elements.entries()) opened.bytes.set(element, room + ELEMENTS + i * ELEMENT_BYTES);
  return opened.sumDecode(terms, room + ELEMENTS, elements.length, CONSTANTS, SCRATCH);
}

/** Σ weights[i] · terms[i]. @param room as `decodeTerms` has it */
export function sumTerms(opened: OprfKernel, terms: number, weights: readonly Bytes[], room: number): Bytes {
  const count = weights.length;
  const [out, at] = [room + OUT, room + WEIGHTS];
  for (const [i, weight] of weights.entries()) opened.bytes.set(weight, at + i * ELEMENT_BYTES);
  const [buckets, sum] = [room + BUCKETS, room + SUM];
  opened.sumWeighted(out, terms, at, count, windowFor(count), buckets, sum, CONSTANTS, SCRATCH);
  return opened.bytes.slice(out, out + ELEMENT_BYTES);
}

let opened: OprfKernel | null | undefined;

/** Opened once per thread. */
function kernel(): OprfKernel | null {
  opened ??= openGroupKernel(SUM_ROOM_BYTES + BATCH_TERMS_BYTES);
  return opened;
}

/** Bits of a digit: measured. */
function windowFor(count: number): number {
  return count < 24 ? 3 : count < 128 ? 4 : count < 512 ? 5 : MAX_WINDOW;
}

/** Σ weight · element over public elements of ristretto255: the composite of a batched proof, over which the prover then
 *  works with its key in libsodium. Elements and weights are known to whoever sees the batch, so times may depend on
 *  them; no secret enters here.
 *
 *  Many elements are summed by buckets in WebAssembly (packages/mpc/wasm/assembly/element-sum.ts), at a sixth of the time that one
 *  multiplication for each takes; few, and all where an engine has no WebAssembly of ours, by libsodium.
 *  @see https://www.rfc-editor.org/rfc/rfc9496
 *  @module */
import { concatBytes, ELEMENT_BYTES, MAX_OPRF_ELEMENTS, type Bytes } from "@sluice/protocol";
import sodium from "libsodium-wrappers-sumo";
import { openSumKernel, type SumKernel } from "../kernel/sum-kernel.ts";

/** Fewer than this many are faster one by one. */
const MIN_BUCKETED = 6;
const FE_BYTES = 40;
const POINT_BYTES = 4 * FE_BYTES;
const TERM_BYTES = 3 * FE_BYTES;
const MAX_WINDOW = 7;

// The constants of RFC 9496 §4.1: d, 2d, √-1 and 1/√(a - d), modulo p.
const P = 2n ** 255n - 19n;
const EDWARDS_D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
const SQRT_MINUS_ONE = 19681161376707505956807079304988542015446066515923890162744021073123829784752n;
const INVSQRT_A_MINUS_D = 54469307008909316920995813868745141605393597292927456921205312896311721017578n;

/** Layout of the kernel's memory, in bytes. */
const CONSTANTS = 0;
const SCRATCH = CONSTANTS + 4 * FE_BYTES;
const SUM = SCRATCH + 16 * FE_BYTES;
const OUT = SUM + 3 * POINT_BYTES;
const ELEMENTS = 2_048;
const WEIGHTS = ELEMENTS + MAX_OPRF_ELEMENTS * ELEMENT_BYTES;
const TERMS = WEIGHTS + MAX_OPRF_ELEMENTS * ELEMENT_BYTES;
const BUCKETS = TERMS + MAX_OPRF_ELEMENTS * TERM_BYTES;
const MEMORY_BYTES = BUCKETS + 2 ** (MAX_WINDOW - 1) * POINT_BYTES;

/** Σ weights[i] · elements[i], for 1 to MAX_OPRF_ELEMENTS canonical elements and as many reduced scalars. */
export function weightedSum(elements: readonly Bytes[], weights: readonly Bytes[]): Bytes {
  const opened = elements.length < MIN_BUCKETED ? null : kernel();
  return opened === null ? weightedSumOneByOne(elements, weights) : sumByBuckets(opened, elements, weights);
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

let opened: SumKernel | null | undefined;

/** Opened once per thread. */
function kernel(): SumKernel | null {
  if (opened !== undefined) return opened;
  opened = openSumKernel(MEMORY_BYTES);
  if (opened === null) return null;
  const constants = [EDWARDS_D, (2n * EDWARDS_D) % P, SQRT_MINUS_ONE, INVSQRT_A_MINUS_D].map(littleEndian);
  opened.bytes.set(concatBytes(...constants), ELEMENTS);
  opened.sumConstants(CONSTANTS, ELEMENTS);
  return opened;
}

function sumByBuckets({ bytes, ...run }: SumKernel, elements: readonly Bytes[], weights: readonly Bytes[]): Bytes {
  const count = elements.length;
  if (count > MAX_OPRF_ELEMENTS) throw new RangeError("a sum of more elements than a batch has");
  for (const [i, element] of elements.entries()) bytes.set(element, ELEMENTS + i * ELEMENT_BYTES);
  for (const [i, weight] of weights.entries()) bytes.set(weight, WEIGHTS + i * ELEMENT_BYTES);
  if (run.sumDecode(TERMS, ELEMENTS, count, CONSTANTS, SCRATCH) >= 0) {
    throw new RangeError("an element of a sum is not canonical");
  }
  run.sumWeighted(OUT, TERMS, WEIGHTS, count, windowFor(count), BUCKETS, SUM, CONSTANTS, SCRATCH);
  return bytes.slice(OUT, OUT + ELEMENT_BYTES);
}

/** Bits of a digit: measured. */
function windowFor(count: number): number {
  return count < 24 ? 3 : count < 128 ? 4 : count < 512 ? 5 : MAX_WINDOW;
}

function littleEndian(value: bigint): Bytes {
  return Uint8Array.from({ length: ELEMENT_BYTES }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

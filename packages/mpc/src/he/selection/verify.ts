/** Verifies all proofs of a selection at once: every equation times a fresh random number of 128 bits, summed. If one does not
 *  hold, the sum is the identity with a chance of 2^-128. All that enters is known to whoever sent it, so times may depend on it.
 *  @see Bellare, Garay, Rabin, Fast Batch Verification for Modular Exponentiation (EUROCRYPT 1998), the small exponents test
 *  @module */
import { ristretto255 } from "@noble/curves/ed25519.js";
import { bytesToNumberLE } from "@noble/curves/utils.js";
import {
  allowedTotals,
  MAX_OPRF_ELEMENTS,
  type Bytes,
  type Random,
  type Selection,
  type SelectionParameters,
  type SelectionProof,
} from "@sluice/protocol";
import sodium from "libsodium-wrappers-sumo";
import { pause } from "../../cancel.ts";
import { weightedSum } from "../../oprf/element-sum.ts";
import { isZero } from "./group.ts";
import { BITS } from "./make-selection.ts";
import { challengeBytes, commitmentOf } from "./transcript.ts";

const { Fn, BASE } = ristretto255.Point;
const WEIGHT_BYTES = 16;

/** Whether the proofs hold for these parameters, the statement being the right one. Await `sodium.ready` first.
 *  @throws ERR_CANCELLED */
export async function verifySelection(
  parameters: SelectionParameters,
  selection: Selection,
  random: Random,
  signal?: AbortSignal,
): Promise<boolean> {
  const { publicKey, ciphertexts, proofs, total } = selection;
  const groups = parameters.groups.length;
  if (ciphertexts.length !== groups || proofs.length !== groups) return false;
  const halves = ciphertexts.flatMap((ciphertext) => [ciphertext.subarray(0, 32), ciphertext.subarray(32)]);
  const batch = new Batch(commitmentOf(selection), random);
  const coefficients = halves.map(() => 0n);
  for (const [i, proof] of [...proofs, total].entries()) {
    if (i % PROOFS_BETWEEN_PAUSES === 0) await pause(signal);
    const values = i < groups ? BITS : allowedTotals(parameters);
    const found = batch.add(proof, i, values);
    if (found === null) return false;
    // What is proved of the total holds of the sum of all ciphertexts.
    const [from, to] = i < groups ? [i, i + 1] : [0, groups];
    for (let at = from; at < to; at++) {
      coefficients[2 * at] = (coefficients[2 * at] ?? 0n) + found.first;
      coefficients[2 * at + 1] = (coefficients[2 * at + 1] ?? 0n) + found.second;
    }
  }
  for (const [i, half] of halves.entries()) batch.term(half, coefficients[i] ?? 0n);
  return await batch.holds(publicKey, signal);
}

const PROOFS_BETWEEN_PAUSES = 128;

class Batch {
  readonly #commitment: Bytes;
  readonly #random: Random;
  readonly #elements: Bytes[] = [];
  readonly #weights: Bytes[] = [];
  #base = 0n;
  #key = 0n;

  constructor(commitment: Bytes, random: Random) {
    this.#commitment = commitment;
    this.#random = random;
  }

  term(element: Bytes, weight: bigint): void {
    this.#elements.push(element);
    this.#weights.push(Fn.toBytes(Fn.create(weight)));
  }

  /** For each value w, ρ(a + eA - zB) and σ(b + e(D - wB) - zP). The weights of A and D; null when a scalar is not canonical,
   *  or there are not as many as there are values. */
  add(proof: SelectionProof, index: number, values: readonly number[]): { first: bigint; second: bigint } | null {
    const responses = scalarsOf(proof.responses);
    const challenges = scalarsOf(proof.challenges);
    if (responses === null || challenges === null || responses.length !== values.length) return null;
    const sum = sodium.crypto_core_ristretto255_scalar_reduce(
      challengeBytes(this.#commitment, index, proof.commitments),
    );
    challenges.push(challenges.reduce((rest, challenge) => Fn.sub(rest, challenge), bytesToNumberLE(sum)));
    const drawn = this.#random.bytes(2 * WEIGHT_BYTES * values.length);
    let [first, second] = [0n, 0n];
    for (const [j, value] of values.entries()) {
      const at = 2 * WEIGHT_BYTES * j;
      const rho = bytesToNumberLE(drawn.subarray(at, at + WEIGHT_BYTES));
      const sigma = bytesToNumberLE(drawn.subarray(at + WEIGHT_BYTES, at + 2 * WEIGHT_BYTES));
      const [challenge = 0n, response = 0n] = [challenges[j], responses[j]];
      this.term(proof.commitments.subarray(64 * j, 64 * j + 32), rho);
      this.term(proof.commitments.subarray(64 * j + 32, 64 * j + 64), sigma);
      first += rho * challenge;
      second += sigma * challenge;
      this.#base -= rho * response + sigma * challenge * BigInt(value);
      this.#key -= sigma * response;
    }
    return { first, second };
  }

  /** Whether all that was added comes to nothing, of elements that are canonical and not the identity. */
  async holds(publicKey: Bytes, signal: AbortSignal | undefined): Promise<boolean> {
    this.term(publicKey, this.#key);
    this.term(BASE.toBytes(), this.#base);
    if (this.#elements.some(isZero)) return false;
    let sum: Bytes = new Uint8Array(32);
    for (let at = 0; at < this.#elements.length; at += MAX_OPRF_ELEMENTS) {
      await pause(signal);
      const to = at + MAX_OPRF_ELEMENTS;
      const part = partOf(this.#elements.slice(at, to), this.#weights.slice(at, to));
      if (part === null) return false;
      sum = sodium.crypto_core_ristretto255_add(sum, part);
    }
    return isZero(sum);
  }
}

/** Null when an element is not canonical, or libsodium meets the identity. */
function partOf(elements: readonly Bytes[], weights: readonly Bytes[]): Bytes | null {
  try {
    return weightedSum(elements, weights);
  } catch {
    return null;
  }
}

/** Null when one is not reduced. */
function scalarsOf(bytes: Bytes): bigint[] | null {
  const scalars: bigint[] = [];
  for (let at = 0; at < bytes.length; at += 32) {
    const scalar = bytesToNumberLE(bytes.subarray(at, at + 32));
    if (scalar >= Fn.ORDER) return null;
    scalars.push(scalar);
  }
  return scalars;
}

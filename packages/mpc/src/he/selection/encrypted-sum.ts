/** Σ sum · ciphertext + Enc(noise): an encryption of the noisy sum over selected groups. The fresh encryption of the noise makes the
 *  answer as random as a new one of the same number, so that it holds nothing else, exactly and whatever the caller knows.
 *  Sums and noise are secret: every step is libsodium's in constant time, with numbers shifted so that none is zero.
 *  @module */
import { concatBytes, type Bytes, type Random, type SelectionMeasure } from "@sluice/protocol";
import sodium from "libsodium-wrappers-sumo";
import { pause } from "../../cancel.ts";
import { isZero, scalarOf } from "./group.ts";

const GROUPS_BETWEEN_PAUSES = 64;

/** A selection whose proofs hold. */
export interface VerifiedSelection {
  readonly commitment: Bytes;
  readonly publicKey: Bytes;
  readonly ciphertexts: readonly Bytes[];
  /** Both halves summed over all groups, neither the identity. */
  readonly whole: readonly [Bytes, Bytes];
}

/** Sums of both halves over all groups; null when one is the identity, which no honest caller meets. */
export function wholeOf(ciphertexts: readonly Bytes[]): [Bytes, Bytes] | null {
  const { crypto_core_ristretto255_add: add } = sodium;
  let [first, second]: [Bytes, Bytes] = [new Uint8Array(32), new Uint8Array(32)];
  for (const ciphertext of ciphertexts) {
    first = add(first, ciphertext.subarray(0, 32));
    second = add(second, ciphertext.subarray(32));
  }
  return isZero(first) || isZero(second) ? null : [first, second];
}

/** The ciphertext of `noise` plus the sum over selected groups. Await `sodium.ready` first. @throws ERR_CANCELLED */
export async function encryptedSum(
  { publicKey, ciphertexts, whole }: VerifiedSelection,
  sums: readonly bigint[],
  { bound }: SelectionMeasure,
  noise: bigint,
  random: Random,
  signal?: AbortSignal,
): Promise<Bytes> {
  const { crypto_core_ristretto255_add: add, crypto_core_ristretto255_sub: subtract } = sodium;
  const { crypto_scalarmult_ristretto255: multiply, crypto_scalarmult_ristretto255_base: multiplyBase } = sodium;
  const shift = BigInt(bound) + 1n;
  const nonce = freshScalar(random);
  let first = multiplyBase(nonce);
  let second = add(multiply(nonce, publicKey), subtract(multiplyBase(scalarOf(noise + shift)), base(shift)));
  nonce.fill(0);
  for (const [i, ciphertext] of ciphertexts.entries()) {
    if (i % GROUPS_BETWEEN_PAUSES === 0) await pause(signal);
    const factor = scalarOf((sums[i] ?? 0n) + shift);
    first = add(first, multiply(factor, ciphertext.subarray(0, 32)));
    second = add(second, multiply(factor, ciphertext.subarray(32)));
    factor.fill(0);
  }
  const shifted = scalarOf(shift);
  return concatBytes(subtract(first, multiply(shifted, whole[0])), subtract(second, multiply(shifted, whole[1])));
}

function base(value: bigint): Bytes {
  return sodium.crypto_scalarmult_ristretto255_base(scalarOf(value));
}

function freshScalar(random: Random): Bytes {
  for (;;) {
    const wide = random.bytes(64);
    const scalar = sodium.crypto_core_ristretto255_scalar_reduce(wide);
    wide.fill(0);
    if (!isZero(scalar)) return scalar;
  }
}

/** Batched discrete-logarithm-equality proof: one 64-byte proof that every evaluated element is k times its
 *  blinded element, for the k of the public key. The verifier learns nothing else about k; the nonce r is fresh
 *  for each proof, because two proofs with one r give k away.
 *  @see https://www.rfc-editor.org/rfc/rfc9497 §2.2.1
 *  @module */
import { concatBytes, utf8, type Bytes, type Random } from "@sluice/protocol";
import sodium from "libsodium-wrappers-sumo";
import { hashToScalar, prefixed, sha512 } from "./transcript.ts";

/** GenerateProof with generator A = G and key B. @param elements blinded (C) and evaluated (D), at least one. */
export function generateProof(
  secret: Bytes,
  publicKey: Bytes,
  elements: readonly { readonly blinded: Bytes; readonly evaluated: Bytes }[],
  random: Random,
  context: Bytes,
): Bytes {
  const composite = compositeOf(publicKey, elements, context);
  const compositeEvaluated = sodium.crypto_scalarmult_ristretto255(secret, composite);
  const nonce = randomScalar(random);
  const commitments = [
    publicKey,
    composite,
    compositeEvaluated,
    sodium.crypto_scalarmult_ristretto255_base(nonce),
    sodium.crypto_scalarmult_ristretto255(nonce, composite),
  ];
  const transcript = concatBytes(...commitments.map(prefixed), utf8("Challenge"));
  const challenge = hashToScalar(transcript, "HashToScalar-", context);
  const product = sodium.crypto_core_ristretto255_scalar_mul(challenge, secret);
  const response = sodium.crypto_core_ristretto255_scalar_sub(nonce, product);
  nonce.fill(0);
  product.fill(0);
  return concatBytes(challenge, response);
}

/** M of ComputeCompositesFast: the blinded elements weighted by the transcript. */
function compositeOf(
  publicKey: Bytes,
  elements: readonly { readonly blinded: Bytes; readonly evaluated: Bytes }[],
  context: Bytes,
): Bytes {
  const seed = sha512(concatBytes(prefixed(publicKey), prefixed(concatBytes(utf8("Seed-"), context))));
  let sum: Bytes | undefined;
  for (const [i, { blinded, evaluated }] of elements.entries()) {
    const index = Uint8Array.of(i >> 8, i & 0xff);
    const entry = concatBytes(prefixed(seed), index, prefixed(blinded), prefixed(evaluated), utf8("Composite"));
    const weight = hashToScalar(entry, "HashToScalar-", context);
    const term = sodium.crypto_scalarmult_ristretto255(weight, blinded);
    sum = sum === undefined ? term : sodium.crypto_core_ristretto255_add(sum, term);
  }
  if (sum === undefined) throw new RangeError("a proof needs at least one element");
  return sum;
}

/** A uniform scalar other than zero: 64 bytes reduced, so the bias is below 2^-250. */
function randomScalar(random: Random): Bytes {
  for (;;) {
    const wide = random.bytes(64);
    const scalar = sodium.crypto_core_ristretto255_scalar_reduce(wide);
    wide.fill(0);
    if (scalar.some((byte) => byte !== 0)) return scalar;
  }
}

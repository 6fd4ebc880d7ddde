/** Batched discrete-logarithm-equality proof: one 64-byte proof that every evaluated element is k times its
 *  blinded element, for the k of the public key. The verifier learns nothing else about k; the nonce r is fresh
 *  for each proof, because two proofs with one r give k away.
 *  @see https://www.rfc-editor.org/rfc/rfc9497 §2.2.1
 *  @module */
import { concatBytes, utf8, type Bytes, type Random } from "@sluice/protocol";
import sodium from "libsodium-wrappers-sumo";
import { weightedSum } from "./element-sum.ts";
import { hashToScalar, prefixed, ScalarHash, sha512 } from "./transcript.ts";

/** GenerateProof with generator A = G and key B. @param elements blinded (C) and evaluated (D), at least one. */
export function generateProof(
  secret: Bytes,
  publicKey: Bytes,
  elements: { readonly blinded: readonly Bytes[]; readonly evaluated: readonly Bytes[] },
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

// struct { opaque seed<64>; uint16 index; opaque blinded<32>; opaque evaluated<32>; opaque label[9]; } Composite;
/** M of ComputeCompositesFast: the blinded elements weighted by the transcript. */
function compositeOf(
  publicKey: Bytes,
  { blinded, evaluated }: { readonly blinded: readonly Bytes[]; readonly evaluated: readonly Bytes[] },
  context: Bytes,
): Bytes {
  const seed = sha512(concatBytes(prefixed(publicKey), prefixed(concatBytes(utf8("Seed-"), context))));
  const element = new Uint8Array(32);
  const entry = concatBytes(
    prefixed(seed),
    Uint8Array.of(0, 0),
    prefixed(element),
    prefixed(element),
    utf8("Composite"),
  );
  const hash = new ScalarHash(entry.length, "HashToScalar-", context);
  const weights = blinded.map((bytes, i) => {
    entry[INDEX_AT] = i >> 8;
    entry[INDEX_AT + 1] = i & 0xff;
    entry.set(bytes, BLINDED_AT);
    entry.set(evaluated[i] ?? element, EVALUATED_AT);
    return hash.scalar(entry);
  });
  return weightedSum(blinded, weights);
}

const INDEX_AT = 2 + 64;
const BLINDED_AT = INDEX_AT + 2 + 2;
const EVALUATED_AT = BLINDED_AT + 32 + 2;

/** A uniform scalar other than zero: 64 bytes reduced, so the bias is below 2^-250. */
function randomScalar(random: Random): Bytes {
  for (;;) {
    const wide = random.bytes(64);
    const scalar = sodium.crypto_core_ristretto255_scalar_reduce(wide);
    wide.fill(0);
    if (scalar.some((byte) => byte !== 0)) return scalar;
  }
}

/** Batched discrete-logarithm-equality proof: one 64-byte proof that every evaluated element is k times its
 *  blinded element, for the k of the public key. The verifier learns nothing else about k; the nonce r is fresh
 *  for each proof, because two proofs with one r give k away.
 *  @see https://www.rfc-editor.org/rfc/rfc9497 §2.2.1
 *  @module */
import { concatBytes, equalBytes, PROOF_BYTES, utf8, type Bytes, type Random } from "@sluice/protocol";
import sodium from "libsodium-wrappers-sumo";
import { weightedSum } from "./element-sum.ts";
import { hashToScalar, prefixed, ScalarHash, sha512 } from "./transcript.ts";

/** Elements of a batch, at least one: blinded (C) and evaluated (D). */
export interface BatchElements {
  readonly blinded: readonly Bytes[];
  readonly evaluated: readonly Bytes[];
}

/** GenerateProof with generator A = G and key B. */
export function generateProof(
  secret: Bytes,
  publicKey: Bytes,
  elements: BatchElements,
  random: Random,
  context: Bytes,
): Bytes {
  const composite = weightedSum(elements.blinded, weightsOf(publicKey, elements, context));
  const compositeEvaluated = sodium.crypto_scalarmult_ristretto255(secret, composite);
  const nonce = randomScalar(random);
  const challenge = challengeOf(
    [
      publicKey,
      composite,
      compositeEvaluated,
      sodium.crypto_scalarmult_ristretto255_base(nonce),
      sodium.crypto_scalarmult_ristretto255(nonce, composite),
    ],
    context,
  );
  const product = sodium.crypto_core_ristretto255_scalar_mul(challenge, secret);
  const response = sodium.crypto_core_ristretto255_scalar_sub(nonce, product);
  nonce.fill(0);
  product.fill(0);
  return concatBytes(challenge, response);
}

/** The sums of a batch under weights. */
export type WeightedSums = (weights: readonly Bytes[]) => { readonly blinded: Bytes; readonly evaluated: Bytes };

/** VerifyProof (§2.2.2). False too when the response is not reduced, or a sum is the identity. Elements are canonical.
 *  @param sums of the elements, where they have been decoded already
 *  @throws RangeError when an element is not */
export function verifyProof(
  publicKey: Bytes,
  elements: BatchElements,
  proof: Bytes,
  context: Bytes,
  sums: WeightedSums = (weights) => ({
    blinded: weightedSum(elements.blinded, weights),
    evaluated: weightedSum(elements.evaluated, weights),
  }),
): boolean {
  if (proof.length !== PROOF_BYTES) return false;
  const challenge = proof.subarray(0, SCALAR_BYTES);
  const response = proof.subarray(SCALAR_BYTES);
  if (!isReduced(response)) return false;
  const { blinded: composite, evaluated: compositeEvaluated } = sums(weightsOf(publicKey, elements, context));
  try {
    const { crypto_core_ristretto255_add: add, crypto_scalarmult_ristretto255: multiply } = sodium;
    const first = add(sodium.crypto_scalarmult_ristretto255_base(response), multiply(challenge, publicKey));
    const second = add(multiply(response, composite), multiply(challenge, compositeEvaluated));
    return equalBytes(challenge, challengeOf([publicKey, composite, compositeEvaluated, first, second], context));
  } catch {
    // libsodium refuses a product that is the identity.
    return false;
  }
}

function challengeOf(commitments: readonly Bytes[], context: Bytes): Bytes {
  return hashToScalar(concatBytes(...commitments.map(prefixed), utf8("Challenge")), "HashToScalar-", context);
}

function isReduced(scalar: Bytes): boolean {
  return equalBytes(sodium.crypto_core_ristretto255_scalar_reduce(concatBytes(scalar, new Uint8Array(32))), scalar);
}

// struct { opaque seed<64>; uint16 index; opaque blinded<32>; opaque evaluated<32>; opaque label[9]; } Composite;
/** The weights of ComputeComposites: one scalar for each pair, from the transcript. */
function weightsOf(publicKey: Bytes, { blinded, evaluated }: BatchElements, context: Bytes): Bytes[] {
  const seed = sha512(concatBytes(prefixed(publicKey), prefixed(concatBytes(utf8("Seed-"), context))));
  const element = new Uint8Array(32);
  const entry = concatBytes(
    prefixed(seed),
    Uint8Array.of(0, 0),
    prefixed(element),
    prefixed(element),
    utf8("Composite"),
  );
  const hash = new ScalarHash("HashToScalar-", context);
  return blinded.map((bytes, i) => {
    entry[INDEX_AT] = i >> 8;
    entry[INDEX_AT + 1] = i & 0xff;
    entry.set(bytes, BLINDED_AT);
    entry.set(evaluated[i] ?? element, EVALUATED_AT);
    return hash.scalar(entry);
  });
}

const SCALAR_BYTES = 32;
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

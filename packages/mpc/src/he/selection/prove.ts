/** Proof that an ElGamal ciphertext (rB, vB + rP) encrypts one of n public numbers: Chaum and Pedersen's proof for the number that
 *  it is, simulated for all others, with challenges that add up to the hash.
 *  The prover knows r and v, so that every branch takes the same three multiplications: for a response z = u + er,
 *  zB - eA = uB and zP - e(D - wB) = uP + e(w - v)B.
 *  @see Cramer, Damgård, Schoenmakers, Proofs of Partial Knowledge (CRYPTO 1994); ElectionGuard 2.0.0, verifications
 *  "Well-formedness of selection encryptions" (one of 0 to R) and "Adherence to vote limits" (of the total)
 *  @module */
import { concatBytes, type Bytes, type Random, type SelectionProof } from "@sluice/protocol";
import { isZero, randomScalar, scalarOf, type SelectionGroup } from "./group.ts";

/** What the prover knows of a ciphertext. */
export interface Opening {
  readonly nonce: Bytes;
  readonly value: number;
}

/** The proof for `opening`. One whose value is none of `values` is made too, and does not hold.
 *  @param challengeOf commitments, 64 uniform bytes */
export function proveOneOf(
  group: SelectionGroup,
  random: Random,
  publicKey: Bytes,
  opening: Opening,
  values: readonly number[],
  challengeOf: (commitments: Bytes) => Bytes,
): SelectionProof {
  const real = Math.max(0, values.indexOf(opening.value));
  const masks = values.map(() => randomScalar(group, random));
  const challenges = values.map(() => randomScalar(group, random));
  const commitments: Bytes[] = [];
  for (const [j, value] of values.entries()) {
    const mask = masks[j] ?? new Uint8Array(32);
    const masked = group.multiply(mask, publicKey);
    if (masked === null) throw new RangeError("a public key is an element");
    commitments.push(group.multiplyBase(mask));
    const distance = scalarOf(BigInt(j === real ? 0 : value - opening.value));
    const simulated = group.multiplyScalars(challenges[j] ?? mask, distance);
    commitments.push(isZero(simulated) ? masked : group.add(masked, group.multiplyBase(simulated)));
  }
  const joined = concatBytes(...commitments);
  let rest = group.reduce(challengeOf(joined));
  for (const [j, challenge] of challenges.entries()) if (j !== real) rest = group.subtractScalars(rest, challenge);
  challenges[real] = rest;
  const responses = masks.map((mask, j) =>
    group.addScalars(mask, group.multiplyScalars(challenges[j] ?? rest, opening.nonce)),
  );
  for (const mask of masks) mask.fill(0);
  return {
    commitments: joined,
    challenges: concatBytes(...challenges.slice(0, -1)),
    responses: concatBytes(...responses),
  };
}

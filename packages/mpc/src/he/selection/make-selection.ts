/** Encrypts a selection and proves it: each number 0 or 1, their sum an allowed total. Numbers that are not are encrypted all the
 *  same, with proofs that do not hold; the client looks before. No `node:` import: runs in Node and in browsers.
 *  @module */
import {
  allowedTotals,
  concatBytes,
  fromHex,
  selectionStatement,
  type Bytes,
  type Random,
  type Selection,
  type SelectionParameters,
} from "@sluice/protocol";
import { randomScalar, scalarOf, type SelectionGroup } from "./group.ts";
import { proveOneOf } from "./prove.ts";
import { challengeBytes, commitmentOf } from "./transcript.ts";

/** What a ciphertext of a selection may be. */
export const BITS: readonly number[] = [0, 1];

/** A selection under the key of `secret`. */
export async function makeSelection(
  group: SelectionGroup,
  random: Random,
  parameters: SelectionParameters,
  caller: string,
  numbers: readonly number[],
  secret: Bytes,
): Promise<Selection> {
  const statement = fromHex(await selectionStatement(parameters, caller));
  const publicKey = group.multiplyBase(secret);
  const nonces = numbers.map(() => randomScalar(group, random));
  const ciphertexts = numbers.map((number, i) => encrypt(group, publicKey, number, nonces[i] ?? secret));
  const commitment = commitmentOf({ statement, publicKey, ciphertexts });
  const prove = (index: number, nonce: Bytes, value: number, values: readonly number[]) =>
    proveOneOf(group, random, publicKey, { nonce, value }, values, (commitments) =>
      challengeBytes(commitment, index, commitments),
    );
  const proofs = numbers.map((number, i) => prove(i, nonces[i] ?? secret, number, BITS));
  const nonce = nonces.reduce((sum, next) => group.addScalars(sum, next));
  const sum = numbers.reduce((total, next) => total + next, 0);
  const total = prove(numbers.length, nonce, sum, allowedTotals(parameters));
  for (const used of [...nonces, nonce]) used.fill(0);
  return { statement, publicKey, ciphertexts, proofs, total };
}

/** (rB, vB + rP). The number is added as (v + 1)B - B, so that 0 takes the steps that 1 takes. */
function encrypt(group: SelectionGroup, publicKey: Bytes, number: number, nonce: Bytes): Bytes {
  const masked = group.multiply(nonce, publicKey);
  if (masked === null) throw new RangeError("a public key is an element");
  const one = group.multiplyBase(scalarOf(1n));
  const shifted = number === -1 ? group.subtract(one, one) : group.multiplyBase(scalarOf(BigInt(number) + 1n));
  return concatBytes(group.multiplyBase(nonce), group.add(masked, group.subtract(shifted, one)));
}

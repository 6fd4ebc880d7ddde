/** Provers of hidden selections that do not keep to the protocol. @module */
import {
  allowedTotals,
  concatBytes,
  fromHex,
  selectionStatement,
  type Bytes,
  type Selection,
  type SelectionProof,
} from "@sluice/protocol";
import { randomScalar, scalarOf, selectionGroup } from "../src/he/selection/group.ts";
import { BITS } from "../src/he/selection/make-selection.ts";
import { proveOneOf } from "../src/he/selection/prove.ts";
import { challengeBytes, commitmentOf } from "../src/he/selection/transcript.ts";
import { systemRandom } from "../src/random.ts";
import { CALLER, PARAMETERS } from "./selection-product.ts";

/** How a prover departs from what a client does. */
interface Lie {
  /** What it says of a ciphertext, or of the total, whose index is 7. */
  readonly claim?: (index: number, value: number) => number;
  /** Proves by its key what its nonce does not: then all second equations hold, and no first one. */
  readonly byKey?: boolean;
  /** Nonces that add up to zero, or a first one of zero. */
  readonly nonces?: "cancel" | "zero";
  readonly totals?: readonly number[];
  /** Changes commitments before they are hashed. */
  readonly touch?: (index: number, commitments: Bytes) => void;
}

/** A selection with the proofs of such a prover. */
export async function lying(numbers: readonly number[], lie: Lie = {}): Promise<Selection> {
  const group = await selectionGroup();
  const zero = new Uint8Array(32);
  const statement = fromHex(await selectionStatement(PARAMETERS, CALLER));
  const secret = randomScalar(group, systemRandom);
  const publicKey = group.multiplyBase(secret);
  const nonces = numbers.map(() => randomScalar(group, systemRandom));
  const rest = nonces.slice(1).reduce((sum, next) => group.addScalars(sum, next));
  if (lie.nonces === "cancel") nonces[0] = group.subtractScalars(zero, rest);
  if (lie.nonces === "zero") nonces[0] = zero;
  const ciphertexts = numbers.map((number, i) => {
    const nonce = nonces[i] ?? zero;
    const value = number === 0 ? zero : group.multiplyBase(scalarOf(BigInt(number)));
    if (nonce === zero) return concatBytes(zero, value);
    return concatBytes(group.multiplyBase(nonce), group.add(group.multiply(nonce, publicKey) ?? zero, value));
  });
  const commitment = commitmentOf({ statement, publicKey, ciphertexts });
  const prove = (index: number, nonce: Bytes, value: number, values: readonly number[]): SelectionProof => {
    const claimed = lie.claim?.(index, value) ?? value;
    const shift = group.multiplyScalars(scalarOf(BigInt(value - claimed)), group.invert(secret));
    const known = lie.byKey === true ? group.addScalars(nonce, shift) : nonce;
    return proveOneOf(group, systemRandom, publicKey, { nonce: known, value: claimed }, values, (commitments) => {
      lie.touch?.(index, commitments);
      return challengeBytes(commitment, index, commitments);
    });
  };
  const proofs = numbers.map((number, i) => prove(i, nonces[i] ?? zero, number, BITS));
  const nonce = nonces.reduce((sum, next) => group.addScalars(sum, next));
  const sum = numbers.reduce((total, next) => total + next, 0);
  const total = prove(7, nonce, sum, lie.totals ?? allowedTotals(PARAMETERS));
  return { statement, publicKey, ciphertexts, proofs, total };
}

/** A proof by someone who knows the challenge before committing: of all it can be, whatever the ciphertext is. */
export async function simulated(
  selection: Selection,
  index: number,
  values: readonly number[],
): Promise<SelectionProof> {
  const group = await selectionGroup();
  const { ciphertexts, publicKey } = selection;
  const halves = [0, 32].map((at) =>
    index < ciphertexts.length
      ? (ciphertexts[index] ?? new Uint8Array()).subarray(at, at + 32)
      : ciphertexts.map((each) => each.subarray(at, at + 32)).reduce((sum, next) => group.add(sum, next)),
  );
  const foreseen = challengeBytes(commitmentOf(selection), index, new Uint8Array(64 * values.length));
  const challenges = values.map(() => randomScalar(group, systemRandom));
  challenges[values.length - 1] = challenges
    .slice(0, -1)
    .reduce((left, next) => group.subtractScalars(left, next), group.reduce(foreseen));
  const responses = values.map(() => randomScalar(group, systemRandom));
  const times = (scalar: Bytes | undefined, element: Bytes | undefined): Bytes => {
    const product = group.multiply(scalar ?? new Uint8Array(), element ?? new Uint8Array());
    if (product === null) throw new Error("an element is none");
    return product;
  };
  const commitments = values.flatMap((value, j) => {
    const [z, e] = [responses[j] ?? new Uint8Array(), challenges[j]];
    const less = value === 0 ? halves[1] : group.subtract(halves[1] ?? z, group.multiplyBase(scalarOf(BigInt(value))));
    return [
      group.subtract(group.multiplyBase(z), times(e, halves[0])),
      group.subtract(times(z, publicKey), times(e, less)),
    ];
  });
  return {
    commitments: concatBytes(...commitments),
    challenges: concatBytes(...challenges.slice(0, -1)),
    responses: concatBytes(...responses),
  };
}

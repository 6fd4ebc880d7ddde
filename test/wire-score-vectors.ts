/** Vectors of encrypted scoring. SEAL's coins cannot be injected, so the caller's side is made by the rules of the page,
 *  with seeded coins, and the answer by the domain's code, which draws none.
 *  @module */
import type { KeyPair } from "@sluice/evidence";
import { signDocument } from "@sluice/evidence/sign";
import { planScore, score } from "@sluice/mpc/he/linear/server";
import {
  documentHash,
  encodeScoreRequest,
  fromHex,
  toHex,
  type LinearModel,
  type ScoreParameters,
  type ScoreSnapshot,
} from "@sluice/protocol";
import {
  encodeColumn,
  encryptFresh,
  expandSeed,
  polynomialOf,
  transform,
  writePolynomial,
} from "./wire-score-rules.ts";
import { seeded, type ServedIdentity } from "./wire-seeded.ts";

const RING = 4_096;
const MODEL: LinearModel = {
  kind: "linear-model",
  features: ["age", "region=4401"],
  weights: [0.5, -1.25],
  intercept: 0.75,
};
const COLUMNS = [
  [1, -16, 0.125, 3.5],
  [0.5, 16, -16, 0],
];

/** One product, asked once for four rows. */
export async function makeScoreVectors(served: ServedIdentity, receiptKey: KeyPair) {
  const parameters = planScore(MODEL, 16);
  const snapshot: ScoreSnapshot & { parameters: ScoreParameters } = {
    type: "score-snapshot",
    ...served,
    product: "insurance-pricing",
    model: await documentHash(MODEL),
    parameters,
    link: "logistic",
  };
  const coins = seeded("score coins");
  const secret = Array.from({ length: RING }, () => ternary(coins.bytes(1)));
  const columns = COLUMNS.map((values) => {
    const seed = coins.bytes(64);
    const errors = Array.from(values, () => binomial(coins.bytes(6)));
    const coefficients = encodeColumn(values, 2 ** parameters.featureScaleBits);
    return { values, seed, errors, coefficients };
  });
  const transformed = transform(polynomialOf(secret));
  const request = encodeScoreRequest({
    parameters: fromHex(await documentHash(parameters)),
    rows: COLUMNS[0]?.length ?? 0,
    features: COLUMNS.length,
    columns: columns.map(({ seed, errors, coefficients }) => ({
      seed,
      c0: writePolynomial(encryptFresh({ coefficients, errors, secret: transformed, seed })),
    })),
  });
  const seed = coins.bytes(64);
  return {
    snapshot: await signDocument(snapshot, receiptKey),
    snapshotHash: await documentHash(snapshot),
    parametersHash: await documentHash(parameters),
    model: MODEL,
    expansion: { seed: toHex(seed), start: toHex(writePolynomial(expandSeed(seed)).subarray(0, 70)) },
    secret: signs(secret),
    columns: columns.map(({ values, seed, errors, coefficients }) => ({
      values,
      seed: toHex(seed),
      errors: errors.join(" "),
      coefficients,
    })),
    request: toHex(request),
    reply: toHex(await score({ model: MODEL, parameters }, request)),
  };
}

/** -1, 0 or 1 as `-`, `0`, `+`. */
function signs(values: readonly number[]): string {
  return values.map((value) => (value < 0 ? "-" : value > 0 ? "+" : "0")).join("");
}

function ternary([byte = 0]: Uint8Array): number {
  return (byte % 3) - 1;
}

/** The difference of two counts of 21 bits each. */
function binomial(bytes: Uint8Array): number {
  const ones = (from: number): number =>
    [0xff, 0xff, 0x1f].reduce((sum, mask, i) => sum + bits((bytes[from + i] ?? 0) & mask), 0);
  return ones(0) - ones(3);
}

function bits(byte: number): number {
  let count = 0;
  for (let rest = byte; rest > 0; rest >>= 1) count += rest & 1;
  return count;
}

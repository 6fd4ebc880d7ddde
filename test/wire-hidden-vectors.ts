/** Vectors of scoring by private models. SEAL's coins cannot be injected on either side, so request and reply are made by the rules of the
 *  page, with seeded coins; frames of megabytes are there by the hashes of their parts.
 *  @module */
import { planHidden } from "@sluice/mpc/he/hidden/server";
import type { KeyPair } from "@sluice/evidence";
import { signDocument } from "@sluice/evidence/sign";
import { documentHash, sha256Hex, toHex, type ScoreSnapshot, type SquareNetwork } from "@sluice/protocol";
import { drawTernary } from "./wire-coin-rules.ts";
import {
  encodeSlots,
  encryptSlots,
  HIDDEN_DEGREE,
  makeKeys,
  makeReply,
  transformSecret,
  type Slots,
} from "./wire-hidden-rules.ts";
import { seeded, type ServedIdentity } from "./wire-seeded.ts";

const LABELS = { secret: "hidden secret", request: "hidden request", reply: "hidden reply" };
const NETWORK: SquareNetwork = {
  kind: "square-network",
  features: [
    { name: "age", low: 0, high: 120 },
    { name: "income", low: -1, high: 3 },
  ],
  units: [
    { sign: 1, bias: 0.25, weights: [0.5, -0.75] },
    { sign: -1, bias: -0.5, weights: [0.125, 0.375] },
  ],
  intercept: 0.0625,
  salt: "5a".repeat(32),
};
/** `age` of all rows; `income` of the first three, the others have the middle of its bounds. */
const AGE = 75;
const INCOMES = [3, -1, 1.5];
const MIDDLE = 1;
const HEAD_BYTES = 36;
const KEY_BYTES = 64 + 524_288;
const COLUMN_BYTES = 64 + 393_216;
const START_BYTES = 96;

/** Request and secret by the rules, for the tests. */
export async function makeHiddenRequest() {
  const parameters = await planHidden(NETWORK);
  const secret = transformSecret(drawTernary(seeded(LABELS.secret), HIDDEN_DEGREE));
  const coins = seeded(LABELS.request);
  const scale = 2 ** parameters.featureScaleBits;
  const columns: Slots[] = [
    { everywhere: (AGE - 60) / 60, more: [] },
    { everywhere: 0, more: INCOMES.map((income) => (income - MIDDLE) / 2) },
  ];
  const encoded = columns.map((slots) => encodeSlots(slots, scale));
  const keys = makeKeys(secret, coins);
  const request = Buffer.concat([
    Buffer.of(0, 1),
    Buffer.from(await documentHash(parameters), "hex"),
    Buffer.of(0, columns.length),
    keys,
    ...encoded.map((coefficients) => encryptSlots(coefficients, secret, coins)),
  ]);
  return { parameters, secret, request, encoded };
}

/** One request of 8,192 rows, of which four differ, and a reply. */
export async function makeHiddenVectors(served: ServedIdentity, receiptKey: KeyPair) {
  const { parameters, secret, request, encoded } = await makeHiddenRequest();
  const scoreBits = 2 * (parameters.featureScaleBits + parameters.weightScaleBits);
  const scores = [...INCOMES, MIDDLE].map((income) => plainScore((AGE - 60) / 60, (income - MIDDLE) / 2));
  const everywhere = scores.at(-1) ?? 0;
  const more = scores.slice(0, -1).map((score) => score - everywhere);
  const coins = seeded(LABELS.reply);
  const reply = makeReply({ everywhere, more }, scoreBits, secret, coins);
  const at = [0, 1, 2, 3].map((key) => HEAD_BYTES + key * KEY_BYTES);
  const parts = [
    ["publicKey", at[0] ?? 0, KEY_BYTES],
    ...[1, 2, 3].map((key) => [`relinKeys[${key - 1}]`, at[key] ?? 0, KEY_BYTES] as const),
    ...[0, 1].map(
      (column) => [`columns[${column}]`, HEAD_BYTES + 4 * KEY_BYTES + column * COLUMN_BYTES, COLUMN_BYTES] as const,
    ),
  ] as const;
  const snapshot: ScoreSnapshot = {
    type: "score-snapshot",
    ...served,
    product: "insurance-risk",
    model: parameters.network,
    parameters,
    link: "identity",
  };
  return {
    snapshot: await signDocument(snapshot, receiptKey),
    snapshotHash: await documentHash(snapshot),
    network: NETWORK,
    parametersHash: await documentHash(parameters),
    rows: { age: AGE, incomes: INCOMES, otherIncomes: MIDDLE },
    randomness: LABELS,
    encoded: encoded.map((coefficients) => coefficients.slice(0, 4).map(String)),
    request: {
      bytes: request.length,
      head: toHex(request.subarray(0, HEAD_BYTES)),
      parts: await Promise.all(
        parts.map(async ([name, from, length]) => {
          const part = request.subarray(from, from + length);
          return {
            name,
            from,
            bytes: length,
            hash: await sha256Hex(part),
            start: toHex(part.subarray(0, START_BYTES)),
          };
        }),
      ),
    },
    reply: { bytes: reply.length, hash: await sha256Hex(reply), start: toHex(reply.subarray(0, START_BYTES)) },
    scores,
    refused: REFUSED,
  };
}

/** The formula, of values between -1 and 1. */
function plainScore(age: number, income: number): number {
  return NETWORK.units.reduce((sum, { sign, bias, weights: [a = 0, b = 0] }) => {
    const unit = bias + a * age + b * income;
    return sum + sign * unit * unit;
  }, NETWORK.intercept);
}

/** Requests of which bytes from `at` on are others, or that end there. */
const REFUSED = [
  { name: "another version", at: 1, hex: "02", code: "ERR_FRAME_MALFORMED" },
  { name: "other parameters", at: 2, hex: "ffff", code: "ERR_SNAPSHOT" },
  { name: "no feature", at: 34, hex: "0000", code: "ERR_FRAME_MALFORMED" },
  { name: "a feature more than there are columns", at: 34, hex: "0003", code: "ERR_FRAME_MALFORMED" },
  { name: "more features than 32", at: 34, hex: "0021", code: "ERR_FRAME_MALFORMED" },
  { name: "cut short in the last key", at: 2_097_443, end: true, code: "ERR_FRAME_MALFORMED" },
  { name: "a coefficient of the public key above its prime", at: 100, hex: "ff".repeat(8), code: "ERR_SCORE_KEY" },
  {
    name: "a coefficient of the last key above the special prime",
    at: 2_097_436,
    hex: "ff".repeat(8),
    code: "ERR_SCORE_KEY",
  },
  {
    name: "a coefficient of a column above its prime",
    at: 2_097_508,
    hex: "ff".repeat(8),
    code: "ERR_SCORE_CIPHERTEXT",
  },
] as const;

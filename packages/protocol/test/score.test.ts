/** The frames of encrypted scoring. @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  decodeScoreReply,
  decodeScoreRequest,
  encodeScoreReply,
  encodeScoreRequest,
  MAX_FRAME_BYTES,
  MAX_SCORE_FEATURES,
  MAX_SCORE_ROWS,
  SCORE_COEFFICIENT_BYTES,
  SCORE_POLYNOMIAL_BYTES,
  SCORE_SEED_BYTES,
  ScoreParameters,
  type ScoreRequest,
} from "../src/index.ts";

const bytes = (length: number, value: number) => new Uint8Array(length).fill(value);

function request(rows: number, features: number): ScoreRequest {
  const columns = Array.from({ length: features }, (_, i) => ({
    seed: bytes(SCORE_SEED_BYTES, i),
    c0: bytes(rows * SCORE_COEFFICIENT_BYTES, i + 1),
  }));
  return { parameters: bytes(32, 7), rows, features, columns };
}

const PARAMETERS = {
  type: "score-parameters",
  scheme: "ckks",
  packing: "coefficients",
  polyModulusDegree: 4_096,
  coeffModulusBits: [56, 53],
  features: ["age"],
  featureBound: 8,
  featureScaleBits: 30,
  weightScaleBits: 20,
  errorBound: 1e-5,
};

test("requests and replies come back as they were", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: MAX_SCORE_ROWS }), fc.integer({ min: 1, max: 6 }), (rows, features) => {
      const sent = request(rows, features);
      expect(decodeScoreRequest(encodeScoreRequest(sent))).toEqual(sent);
      const reply = { rows, c0: bytes(rows * SCORE_COEFFICIENT_BYTES, 1), c1: bytes(SCORE_POLYNOMIAL_BYTES, 2) };
      expect(decodeScoreReply(encodeScoreReply(reply))).toEqual(reply);
    }),
    { numRuns: 30 },
  );
});

test("a request lies as its struct says", () => {
  const frame = encodeScoreRequest(request(2_049, 1));
  expect(frame).toHaveLength(2 + 32 + 2 + 2 + 64 + 7 * 2_049);
  expect([...frame.subarray(0, 3)]).toEqual([0, 2, 7]);
  expect([...frame.subarray(34, 40)]).toEqual([0x08, 0x01, 0, 1, 0, 0]);
  expect(frame[38 + 64]).toBe(1);
});

test("the largest request fits a frame", () => {
  const largest = 38 + MAX_SCORE_FEATURES * (SCORE_SEED_BYTES + SCORE_POLYNOMIAL_BYTES);
  expect(largest).toBeLessThanOrEqual(MAX_FRAME_BYTES);
});

test("too many rows have a code of their own, in both directions", () => {
  const tooMany = expect.objectContaining({ code: "ERR_SCORE_ROWS", details: { rows: 4_097, maxRows: 4_096 } });
  expect(() => encodeScoreRequest({ ...request(1, 1), rows: 4_097 })).toThrow(tooMany);
  expect(() => encodeScoreReply({ rows: 4_097, c0: bytes(0, 0), c1: bytes(0, 0) })).toThrow(tooMany);
  const frame = encodeScoreRequest(request(1, 1));
  new DataView(frame.buffer).setUint16(34, 4_097);
  expect(() => decodeScoreRequest(frame)).toThrow(tooMany);
  expect(() => decodeScoreReply(Uint8Array.of(0, 2, 0x10, 0x01))).toThrow(tooMany);
});

test("counts of zero, too many features, short parts and left-over bytes are malformed", () => {
  const malformed = expect.objectContaining({ code: "ERR_FRAME_MALFORMED" });
  const good = request(1, 2);
  const [first = { seed: bytes(64, 0), c0: bytes(SCORE_COEFFICIENT_BYTES, 0) }] = good.columns;
  const bad: ScoreRequest[] = [
    { ...good, rows: 0 },
    { ...good, features: 0, columns: [] },
    { ...good, features: MAX_SCORE_FEATURES + 1 },
    { ...good, columns: [first] },
    { ...good, parameters: bytes(31, 0) },
    { ...good, columns: [first, { ...first, seed: bytes(63, 0) }] },
    { ...good, columns: [first, { ...first, c0: bytes(3, 0) }] },
  ];
  for (const value of bad) expect(() => encodeScoreRequest(value)).toThrow(malformed);
  const frame = encodeScoreRequest(good);
  for (const length of [0, 1, 33, 37, 38, 39, frame.length - 1]) {
    expect(() => decodeScoreRequest(frame.slice(0, length))).toThrow(malformed);
  }
  for (const [at, value] of [
    [1, 1],
    [35, 0],
    [35, 2],
    [36, 2],
    [37, 0],
    [37, 3],
  ] as const) {
    const altered = frame.slice();
    altered[at] = value;
    expect(() => decodeScoreRequest(altered)).toThrow(malformed);
  }
  expect(() => decodeScoreRequest(Uint8Array.of(...frame.subarray(0, 38)))).toThrow(malformed);
  const reply = { rows: 1, c0: bytes(SCORE_COEFFICIENT_BYTES, 0), c1: bytes(SCORE_POLYNOMIAL_BYTES, 0) };
  expect(() => encodeScoreReply({ ...reply, rows: 2 })).toThrow(malformed);
  expect(() => encodeScoreReply({ ...reply, c1: bytes(1, 0) })).toThrow(malformed);
  expect(() => decodeScoreReply(encodeScoreReply(reply).slice(0, -1))).toThrow(malformed);
  expect(() => decodeScoreReply(Uint8Array.of(0, 2, 0, 0))).toThrow(malformed);
});

test("parameters other than the one set, or beyond a limit, do not parse", () => {
  expect(ScoreParameters.safeParse(PARAMETERS).success).toBe(true);
  const others: Record<string, unknown>[] = [
    { scheme: "bfv" },
    { packing: "slots" },
    { polyModulusDegree: 8_192 },
    { polyModulusDegree: 2_048 },
    { coeffModulusBits: [60, 60] },
    { coeffModulusBits: [56] },
    { coeffModulusBits: [56, 53, 30] },
    { featureBound: 0 },
    { featureBound: -1 },
    { featureBound: Infinity },
    { featureBound: 2 ** 21 },
    { featureScaleBits: 41 },
    { weightScaleBits: 7 },
    { weightScaleBits: 20.5 },
    { errorBound: 0 },
    { features: [] },
    { features: Array<string>(257).fill("x") },
    { extra: 1 },
  ];
  for (const other of others) expect(ScoreParameters.safeParse({ ...PARAMETERS, ...other }).success).toBe(false);
});

/** The frames of scoring by a private model: what is written is read, and what does not hold is refused. Polynomials are of one byte
 *  each: what matters is where they are.
 *  @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  decodeHiddenReply,
  decodeHiddenRequest,
  encodeHiddenReply,
  encodeHiddenRequest,
  HIDDEN_COLUMN_BYTES,
  HIDDEN_KEY_BYTES,
  HIDDEN_REPLY_BYTES,
  HiddenParameters,
  MAX_FRAME_BYTES,
  MAX_HIDDEN_FEATURES,
  type Bytes,
  type HiddenRequest,
} from "../src/index.ts";

const MALFORMED = expect.objectContaining({ code: "ERR_FRAME_MALFORMED" });
const filled = (length: number, byte: number) => new Uint8Array(length).fill(byte);
const seeded = (length: number) =>
  fc
    .tuple(fc.uint8Array({ minLength: 64, maxLength: 64 }), fc.nat(255))
    .map(([seed, byte]) => ({ seed, c0: filled(length, byte) }));
const requests: fc.Arbitrary<HiddenRequest> = fc.integer({ min: 1, max: 3 }).chain((features) =>
  fc.record({
    parameters: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    publicKey: seeded(HIDDEN_KEY_BYTES),
    relinKeys: fc.array(seeded(HIDDEN_KEY_BYTES), { minLength: 3, maxLength: 3 }),
    columns: fc.array(seeded(HIDDEN_COLUMN_BYTES), { minLength: features, maxLength: features }),
  }),
);
const replies = fc.record({
  c0: fc.nat(255).map((byte) => filled(HIDDEN_REPLY_BYTES, byte)),
  c1: fc.nat(255).map((byte) => filled(HIDDEN_REPLY_BYTES, byte)),
});

/** Megabytes are compared at once. */
function isEqual(a: Bytes, b: Bytes): boolean {
  return Buffer.compare(a, b) === 0;
}

test("requests come back as they were, each part in its place; cut anywhere, longer, or of another version or number of features they are malformed", () => {
  fc.assert(
    fc.property(requests, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.nat(33), (sent, cut, n) => {
      const frame = encodeHiddenRequest(sent);
      const features = sent.columns.length;
      expect(frame).toHaveLength(36 + 4 * (64 + 524_288) + features * (64 + 393_216));
      const read = decodeHiddenRequest(frame);
      expect(isEqual(read.parameters, sent.parameters)).toBe(true);
      let at = 36;
      const parts = [sent.publicKey, ...sent.relinKeys, ...sent.columns];
      for (const [i, found] of [read.publicKey, ...read.relinKeys, ...read.columns].entries()) {
        const { seed, c0 } = parts[i] ?? found;
        expect(isEqual(found.seed, seed) && isEqual(found.c0, c0)).toBe(true);
        expect(isEqual(frame.subarray(at, at + 64), seed)).toBe(true);
        at += 64 + c0.length;
      }
      expect(at).toBe(frame.length);
      expect(() => decodeHiddenRequest(frame.subarray(0, Math.floor(cut * frame.length)))).toThrow(MALFORMED);
      expect(() => decodeHiddenRequest(Buffer.concat([frame, filled(1, 0)]))).toThrow(MALFORMED);
      expect(() => decodeHiddenRequest(frame.with(1, 2))).toThrow(MALFORMED);
      if (n !== features) expect(() => decodeHiddenRequest(frame.with(35, n))).toThrow(MALFORMED);
    }),
    { numRuns: 8 },
  );
});

test("replies come back as they were; cut anywhere, longer or of another version they are malformed", () => {
  fc.assert(
    fc.property(replies, fc.nat(2 * HIDDEN_REPLY_BYTES + 1), (sent, cut) => {
      const frame = encodeHiddenReply(sent);
      const read = decodeHiddenReply(frame);
      expect(isEqual(read.c0, sent.c0) && isEqual(read.c1, sent.c1)).toBe(true);
      expect(isEqual(frame.subarray(2, 2 + HIDDEN_REPLY_BYTES), sent.c0)).toBe(true);
      expect(() => decodeHiddenReply(frame.subarray(0, cut))).toThrow(MALFORMED);
      expect(() => decodeHiddenReply(Buffer.concat([frame, filled(1, 0)]))).toThrow(MALFORMED);
      expect(() => decodeHiddenReply(frame.with(0, 1))).toThrow(MALFORMED);
    }),
    { numRuns: 8 },
  );
});

test("the largest request fits a frame; parts of other lengths or numbers are not written", () => {
  expect(36 + 4 * (64 + 524_288) + MAX_HIDDEN_FEATURES * (64 + 393_216)).toBeLessThanOrEqual(MAX_FRAME_BYTES);
  const key = { seed: filled(64, 1), c0: filled(HIDDEN_KEY_BYTES, 2) };
  const column = { seed: filled(64, 3), c0: filled(HIDDEN_COLUMN_BYTES, 4) };
  const good = { parameters: filled(32, 5), publicKey: key, relinKeys: [key, key, key], columns: [column] };
  for (const change of [
    { parameters: filled(31, 0) },
    { publicKey: column },
    { publicKey: { ...key, seed: filled(63, 0) } },
    { relinKeys: [key, key] },
    { relinKeys: [key, key, key, key] },
    { relinKeys: [key, key, column] },
    { columns: [] },
    { columns: [key] },
    { columns: Array.from({ length: MAX_HIDDEN_FEATURES + 1 }, () => column) },
  ]) {
    expect(() => encodeHiddenRequest({ ...good, ...change })).toThrow(MALFORMED);
  }
  const half = filled(HIDDEN_REPLY_BYTES, 0);
  expect(() => encodeHiddenReply({ c0: half, c1: half.subarray(1) })).toThrow(MALFORMED);
  expect(() => encodeHiddenReply({ c0: filled(0, 0), c1: half })).toThrow(MALFORMED);
});

test("parameters other than the one set, or beyond a limit, do not parse", () => {
  const parameters = {
    type: "score-hidden-parameters",
    scheme: "ckks",
    packing: "slots",
    polyModulusDegree: 16_384,
    coeffModulusBits: [60, 60, 60, 60],
    network: "ab".repeat(32),
    features: [{ name: "age", low: 0, high: 120 }],
    featureScaleBits: 70,
    weightScaleBits: 8,
    statisticalBits: 40,
    noiseBits: 130,
    errorBound: 1e-3,
  };
  expect(HiddenParameters.safeParse(parameters).success).toBe(true);
  for (const other of [
    { scheme: "bfv" },
    { packing: "coefficients" },
    { polyModulusDegree: 8_192 },
    { coeffModulusBits: [60, 60, 60] },
    { coeffModulusBits: [60, 60, 60, 61] },
    { network: "" },
    { features: [] },
    { features: [{ name: "age", low: 1, high: 1 }] },
    { features: [{ name: "age", low: -Number.MAX_VALUE, high: Number.MAX_VALUE }] },
    { features: [{ name: "age", low: Number.NaN, high: 1 }] },
    { features: [parameters.features[0], parameters.features[0]] },
    { featureScaleBits: 85 },
    { weightScaleBits: 41 },
    { statisticalBits: 19 },
    { noiseBits: 177 },
    { errorBound: 0 },
    { errorBound: Infinity },
    { extra: 1 },
  ]) {
    expect(HiddenParameters.safeParse({ ...parameters, ...other }).success).toBe(false);
  }
});

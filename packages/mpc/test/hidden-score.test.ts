/** Scoring by a private model with a hidden layer, against plain arithmetic; what is refused; what replies carry. @module */
import { systemRandom } from "../src/random.ts";
import {
  decodeHiddenReply,
  decodeHiddenRequest,
  encodeHiddenRequest,
  HIDDEN_ROWS,
  ReleasedModel,
  type Bytes,
} from "@sluice/protocol";
import { expect, test } from "vitest";
import { openHandles } from "../src/he/handles.ts";
import { HiddenClient } from "../src/he/hidden/client.ts";
import { drowningNoise } from "../src/he/hidden/noise.ts";
import { hiddenRing } from "../src/he/hidden/ring.ts";
import { encryptNoise, planHidden, scoreHidden } from "../src/he/hidden/server.ts";
import { wholeSums } from "../src/he/hidden/whole-sums.ts";
import { hiddenProduct, networkOf, plainHidden } from "./hidden-product.ts";
import { seededRandom } from "./seeded-random.ts";

/** Numbers between -1 and 1 that replay. */
function numbers(seed: number): () => number {
  const random = seededRandom(seed);
  return () => new DataView(random.bytes(4).buffer).getInt32(0) / 2 ** 31;
}

const network = networkOf(3, 4, numbers(1));
const product = await hiddenProduct(network);
const client = await HiddenClient.open(product.parameters);

const distance = (scores: Float64Array, plain: readonly number[]): number =>
  Math.max(...plain.map((score, i) => Math.abs(score - (scores[i] ?? Number.NaN))));

test("scores are the plain ones of the rounded model to the published bound, at the corners of the bounds too", async () => {
  const next = numbers(2);
  const columns = Object.fromEntries(
    network.features.map(({ name, low, high }, i) => [
      name,
      Float64Array.from({ length: 40 }, (_, row) => {
        if (row < 8) return (row >> i) % 2 === 0 ? low : high;
        return low + ((high - low) * (next() + 1)) / 2;
      }),
    ]),
  );
  const query = client.encrypt(columns);
  const scores = query.finish(await scoreHidden(product, query.frame));
  expect(scores).toHaveLength(40);
  const plain = plainHidden(product, columns);
  expect(distance(scores, plain)).toBeLessThanOrEqual(product.parameters.errorBound);
  // The bound means something: 2^-10 of what scores can be.
  const range = Math.max(...plain) - Math.min(...plain);
  expect(product.parameters.errorBound).toBeLessThan(range * 2 ** -10);
  expect(() => query.finish(new Uint8Array(0))).toThrow(expect.objectContaining({ code: "ERR_STATE" }));
}, 60_000);

test("values outside of their bounds, NaN, infinity and the largest number are refused before encryption", () => {
  const good = { x0: Float64Array.of(0), x1: Float64Array.of(0), x2: Float64Array.of(0) };
  for (const value of [Number.NaN, Infinity, -Infinity, Number.MAX_VALUE, -Number.MAX_VALUE, 3.001, -1.001]) {
    expect(() => client.encrypt({ ...good, x0: Float64Array.of(value) })).toThrow(
      expect.objectContaining({ code: "ERR_SCORE_INPUT", details: expect.objectContaining({ feature: "x0" }) }),
    );
  }
  expect(() => client.encrypt({ x0: good.x0, x1: good.x1 })).toThrow(
    expect.objectContaining({ code: "ERR_SCORE_INPUT" }),
  );
  expect(() => client.encrypt({ ...good, x2: new Float64Array(2) })).toThrow(
    expect.objectContaining({ code: "ERR_SCORE_INPUT" }),
  );
  const many = new Float64Array(HIDDEN_ROWS + 1);
  expect(() => client.encrypt({ x0: many, x1: many, x2: many })).toThrow(
    expect.objectContaining({ code: "ERR_SCORE_ROWS" }),
  );
});

test("a model that was not admitted, or whose noise is too small, is refused", async () => {
  const { frame } = client.encrypt({ x0: Float64Array.of(0), x1: Float64Array.of(0), x2: Float64Array.of(0) });
  const reason = (product_: typeof product) =>
    scoreHidden(product_, frame).then(
      () => "answered",
      (error: unknown) => (error as { details: { reason: string } }).details.reason,
    );
  const others = { ...network, intercept: network.intercept + 1 };
  expect(await reason({ ...product, network: others })).toBe("it is not the admitted model");
  const { noiseBits, errorBound } = product.parameters;
  const with_ = (changed: object) => reason({ network, parameters: { ...product.parameters, ...changed } });
  expect(await with_({ noiseBits: noiseBits - 1 })).toBe("its noise is too small");
  expect(await with_({ statisticalBits: 41 })).toBe("its noise is too small");
  expect(await with_({ noiseBits: 176 })).toBe("its error is above the published bound");
  expect(await with_({ errorBound: errorBound / 4 })).toBe("its error is above the published bound");
  expect(ReleasedModel.safeParse(network).success).toBe(false);
  const empty = { ...network, units: [...network.units, { sign: 1 as const, bias: 1, weights: [0, 0, 0] }] };
  await expect(planHidden(empty)).rejects.toMatchObject({ code: "ERR_SCORE_MODEL" });
  const [unit = { sign: 1, bias: 0, weights: [1, 0, 0] } as const] = network.units;
  const opposite = {
    sign: unit.sign === 1 ? (-1 as const) : (1 as const),
    bias: -unit.bias,
    weights: unit.weights.map((weight) => -weight),
  };
  // Units that cancel before others come, since sums are made unit by unit; after others they leave those.
  const cancelling = { details: { reason: "its units cancel" } };
  const [, second = unit] = network.units;
  await expect(planHidden({ ...network, units: [unit, opposite] })).rejects.toMatchObject(cancelling);
  await expect(planHidden({ ...network, units: [unit, opposite, second] })).rejects.toMatchObject(cancelling);
  // 3² + 4² - 5²
  const times = (factor: number, sign: 1 | -1) => ({
    sign,
    bias: factor / 8,
    weights: [factor / 2, factor / 4, 0],
  });
  const three = [times(3, 1), times(4, 1), times(5, -1)];
  await expect(planHidden({ ...network, units: three })).rejects.toMatchObject(cancelling);
  await expect(planHidden({ ...network, units: [{ ...unit, bias: 0 }] })).resolves.toMatchObject({ scheme: "ckks" });
  // What is left may be linear.
  for (const units of [
    [unit, { ...unit, sign: opposite.sign, bias: unit.bias - 0.5 }],
    [unit, second, { ...opposite, weights: opposite.weights.toReversed() }, opposite],
  ]) {
    const left = await hiddenProduct({ ...network, units });
    const columns = { x0: Float64Array.of(1.5), x1: Float64Array.of(-2), x2: Float64Array.of(4.75) };
    const query = (await HiddenClient.open(left.parameters)).encrypt(columns);
    const scores = query.finish(await scoreHidden(left, query.frame));
    expect(distance(scores, plainHidden(left, columns))).toBeLessThanOrEqual(left.parameters.errorBound);
  }
  await expect(planHidden(network, { resolution: 2 ** 40 })).rejects.toMatchObject({ code: "ERR_SCORE_MODEL" });
});

test("malformed keys, columns and frames get coded errors, and the next request is answered", async () => {
  const columns = { x0: Float64Array.of(1), x1: Float64Array.of(1), x2: Float64Array.of(1) };
  const query = client.encrypt(columns);
  const spoiled = (at: number): Bytes => {
    const frame = query.frame.slice();
    frame.fill(0xff, at, at + 8);
    return frame;
  };
  expect(encodeHiddenRequest(decodeHiddenRequest(query.frame))).toEqual(query.frame);
  const key = 64 + 524_288;
  const refused = async (frame: Bytes, code: string) => {
    await expect(scoreHidden(product, frame)).rejects.toMatchObject({ code });
  };
  await refused(query.frame.slice(0, -1), "ERR_FRAME_MALFORMED");
  await refused(new Uint8Array(2 ** 24), "ERR_FRAME_TOO_LARGE");
  await refused(spoiled(0), "ERR_FRAME_MALFORMED");
  await refused(spoiled(2), "ERR_SNAPSHOT");
  await refused(spoiled(36 + 64), "ERR_SCORE_KEY");
  await refused(spoiled(36 + key + 64), "ERR_SCORE_KEY");
  await refused(spoiled(36 + 4 * key + 64), "ERR_SCORE_CIPHERTEXT");
  const reply = await scoreHidden(product, query.frame);
  expect(distance(query.finish(reply), plainHidden(product, columns))).toBeLessThan(product.parameters.errorBound);
  const other = client.encrypt(columns);
  expect(() => other.finish(reply.slice(1))).toThrow(expect.objectContaining({ code: "ERR_FRAME_MALFORMED" }));
  const transparent = client.encrypt(columns);
  expect(() => transparent.finish(reply.slice().fill(0, 2 + reply.length / 2 - 1))).toThrow(
    expect.objectContaining({ code: "ERR_SCORE_CIPHERTEXT" }),
  );
}, 60_000);

test("noise is the triangular one to its last bit, and it is what an encryption of it decrypts to", async () => {
  const bits = 130;
  const noise = drowningNoise(systemRandom, bits, 16_384);
  const scaled = noise.map((number) => Number(number) / 2 ** bits);
  expect(Math.max(...scaled.map(Math.abs))).toBeLessThan(1);
  const variance = scaled.reduce((sum, number) => sum + number ** 2, 0) / scaled.length;
  // Standard deviation of the mean of squares: √((1/15 - 1/36) / 16384) = 0.0015.
  expect(Math.abs(variance - 1 / 6)).toBeLessThan(6 * 0.0016);
  for (const bit of [0n, 1n, 17n, 63n]) {
    const ones = noise.filter((number) => ((number >> bit) & 1n) === 1n).length;
    expect(Math.abs(ones - 8_192)).toBeLessThan(6 * 64);
  }
  const ring = await hiddenRing();
  const { seal, context, encoder } = ring.engine;
  using scope = openHandles();
  const keys = scope.keep(new seal.KeyGenerator(context));
  const secretKey = scope.keep(keys.secretKey());
  const encryptor = scope.keep(new seal.Encryptor(context, scope.keep(keys.createPublicKey()), secretKey));
  const ciphertext = encryptNoise(ring, scope, encryptor, [...noise]);
  ciphertext.setScale(2 ** bits);
  const plaintext = scope.keep(new seal.Plaintext());
  scope.keep(new seal.Decryptor(context, secretKey)).decrypt(ciphertext, plaintext);
  const slots = encoder.decodeFloat64(plaintext) as Float64Array;
  const square = slots.reduce((sum, slot) => sum + slot ** 2, 0) / slots.length;
  // The real part of a slot has variance N/2 · 1/6.
  expect(square / (8_192 / 6)).toBeGreaterThan(0.9);
  expect(square / (8_192 / 6)).toBeLessThan(1.1);
}, 60_000);

test("two replies to one request differ in every coefficient that is looked at, by more than noise of encryption", async () => {
  const query = client.encrypt({ x0: Float64Array.of(0), x1: Float64Array.of(0), x2: Float64Array.of(0) });
  const [one, two] = [await scoreHidden(product, query.frame), await scoreHidden(product, query.frame)];
  const words = (bytes: Bytes) => new BigUint64Array(bytes.slice().buffer);
  const [a, b] = [decodeHiddenReply(one), decodeHiddenReply(two)];
  for (const half of ["c0", "c1"] as const) {
    const other = words(b[half]);
    const near = words(a[half]).filter((word, i) => BigInt.asUintN(64, word - (other[i] ?? 0n)) < 2n ** 40n);
    expect(near.length).toBeLessThan(3);
  }
  query.discard();
}, 60_000);

test("sums of columns times whole weights are those of exact arithmetic, at both ends of the range", () => {
  const primes = [1_152_921_504_605_962_241n, 1_152_921_504_606_584_833n];
  const random = seededRandom(3);
  const columns = Array.from({ length: 5 }, (_, i) => {
    const words = new BigUint64Array(random.bytes(2 * 1_024 * 8).buffer);
    for (const [k, word] of words.entries()) {
      const prime = primes[k < 1_024 ? 0 : 1] ?? 1n;
      words[k] = k % 7 === 0 ? prime - 1n : k % 11 === i ? 0n : word % prime;
    }
    return words;
  });
  const weights = [
    [1_024, -1_024, 1_024, 1_024, 1_024],
    [-1_024, -1_024, -1_024, -1_024, -1_024],
    [1, 0, -3, 5, 1_000],
  ];
  const constants = weights.map((_, j) => primes.map((prime) => prime - BigInt(j) - 1n));
  const sums = wholeSums(
    columns.map((words) => new Uint8Array(words.buffer)),
    weights,
    constants,
    primes,
  );
  for (const [j, unit] of weights.entries()) {
    const found = new BigUint64Array(sums[j]?.buffer ?? new ArrayBuffer(0));
    const wanted = found.map((_, k) => {
      const prime = primes[k < 1_024 ? 0 : 1] ?? 1n;
      const sum = unit.reduce((total, weight, i) => total + BigInt(weight) * (columns[i]?.[k] ?? 0n), -BigInt(j) - 1n);
      return ((sum % prime) + prime) % prime;
    });
    expect(found).toEqual(wanted);
  }
});

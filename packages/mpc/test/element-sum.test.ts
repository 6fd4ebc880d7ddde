/** Sums by buckets against libsodium, one multiplication after another. @module */
import { fromHex, type Bytes } from "@sluice/protocol";
import fc from "fast-check";
import sodium from "libsodium-wrappers-sumo";
import { beforeAll, expect, test } from "vitest";
import { weightedSum, weightedSumOneByOne } from "../src/oprf/element-sum.ts";
import { BAD_ELEMENTS } from "./bad-elements.ts";
import { seededRandom } from "./seeded-random.ts";

beforeAll(() => sodium.ready);

/** The order of the group, less one: the largest scalar. */
const LARGEST = fromHex("ecd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
const ONE = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0));

function elements(count: number, seed: number): Bytes[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => sodium.crypto_core_ristretto255_from_hash(random.bytes(64)));
}

function scalars(count: number, seed: number): Bytes[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => sodium.crypto_core_ristretto255_scalar_reduce(random.bytes(64)));
}

// One number of elements for each width of digits, and those where it changes.
test.each([1, 5, 6, 23, 24, 127, 128, 600])("%i elements have the sum that libsodium finds", (count) => {
  const [points, weights] = [elements(count, count), scalars(count, count + 1)];
  weights[0] = LARGEST;
  weights[count - 1] = ONE;
  expect(weightedSum(points, weights)).toEqual(weightedSumOneByOne(points, weights));
});

test("weights at the edges of digits", () => {
  const points = elements(8, 3);
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 251 }), { minLength: 8, maxLength: 8 }),
      fc.boolean(),
      (bits, less) => {
        const weights = bits.map((bit) => {
          const value = (1n << BigInt(bit)) - (less && bit > 0 ? 1n : 0n);
          return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
        });
        expect(weightedSum(points, weights)).toEqual(weightedSumOneByOne(points, weights));
      },
    ),
    { numRuns: 40 },
  );
});

test("a sum that is the identity is encoded as the identity", () => {
  const [point = new Uint8Array(32)] = elements(1, 9);
  const points = [point, point, ...elements(6, 10)];
  const weights = [ONE, LARGEST, ...Array.from({ length: 6 }, () => new Uint8Array(32))];
  expect(weightedSum(points, weights)).toEqual(new Uint8Array(32));
});

test("equal and opposite elements meet in one bucket", () => {
  const [point = new Uint8Array(32)] = elements(1, 11);
  const negative = sodium.crypto_scalarmult_ristretto255(LARGEST, point);
  const points = [point, point, point, negative, negative, negative, point, point];
  const [weight = ONE] = scalars(1, 12);
  const weights = points.map(() => weight);
  expect(weightedSum(points, weights)).toEqual(weightedSumOneByOne([point, point], [weight, weight]));
});

const refused = Object.entries(BAD_ELEMENTS).flatMap(([kind, encodings]) =>
  kind === "the identity" || kind === "of another length" ? [] : encodings,
);
test.each(refused)("an element that is not canonical is refused: %s", (encoding) => {
  const points = elements(7, 1).with(6, fromHex(encoding));
  expect(() => weightedSum(points, scalars(7, 2))).toThrow("not canonical");
});

test("no element has no sum, and more than a batch are refused", () => {
  expect(() => weightedSum([], [])).toThrow(RangeError);
  const [point = new Uint8Array(32)] = elements(1, 1);
  const many = Array.from({ length: 1_025 }, () => point);
  expect(() => weightedSum(many, many)).toThrow(RangeError);
});

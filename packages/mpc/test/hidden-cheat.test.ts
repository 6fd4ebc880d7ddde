/** A caller that does not follow the protocol: what it gains beyond the noise, and that nothing but the quadratic form is there to gain
 *  (docs/scoring-hidden.md). @module */
import { HIDDEN_RING, type SquareNetwork } from "@sluice/protocol";
import { expect, test } from "vitest";
import { scoreHidden } from "../src/he/hidden/server.ts";
import { forgedModulus, forgedReading, forgedRequest } from "./hidden-forged.ts";
import { hiddenProduct, networkOf } from "./hidden-product.ts";
import { seededRandom } from "./seeded-random.ts";

const RESOLUTION = 1 / 4;
/** Steps of weights: 256 of them are the largest one. */
const STEP = 2 ** -7;

/** Two features, three units, numbers in whole steps. */
function network(): SquareNetwork {
  const wholes = [256, -131, 40, -77, 19, -201, 250, 3, -90, 11];
  let place = 0;
  return networkOf(2, 3, () => (wholes[place++] ?? 0) * STEP);
}

/** The number below 2^bits, around zero, whose bits readings of number / 2^k, k = 1, 2, …, tell one after another. */
function fromReadings(readings: readonly number[]): bigint {
  let value = 0n;
  for (const [i, reading] of readings.entries()) {
    // The bits so far as parts of one, 53 of them; the next one is worth a half.
    const known = Number(BigInt.asUintN(53, value >> BigInt(Math.max(0, i - 52)))) / 2 ** Math.min(i + 1, 53);
    const rest = (((reading - known) % 1) + 1) % 1;
    if (rest > 0.25 && rest < 0.75) value |= 1n << BigInt(i);
  }
  return BigInt.asIntN(readings.length, value);
}

test("keys of zeros and columns of its choice give a caller every coefficient of the rounded form but the constant, exactly, by one request", async () => {
  const product = await hiddenProduct(network(), { resolution: RESOLUTION });
  const { parameters } = product;
  expect(2 ** -parameters.weightScaleBits).toBe(STEP);
  // All of 8,192 honest rows leave more than a hundred steps of the form open.
  expect((RESOLUTION * Math.sqrt(6 / 8_192)) / STEP ** 2).toBeGreaterThan(100);
  const modulus = await forgedModulus();
  const bits = 116;
  const [apart, other] = [24n, 1n << 24n];
  // x = 1 + Σ B_k Y^k and x' = 2^24 + Σ B_k' Y^k' over odd places: products of two B are at even ones.
  const columns = [0, 1].map((column) => {
    const numbers = Array.from({ length: HIDDEN_RING }, () => 0n);
    numbers[0] = column === 0 ? 1n : other;
    for (let i = 0; i < bits; i++) numbers[2 * (column * bits + i) + 1] = modulus / 2n ** BigInt(i + 2);
    return numbers;
  });
  const readings = await forgedReading(await scoreHidden(product, await forgedRequest(parameters, columns)));
  const told = [0, 1].map((column) =>
    fromReadings(Array.from({ length: bits }, (_, i) => readings[2 * (column * bits + i) + 1] ?? 0)),
  );
  // What is there: with whole weights v, Σ ±(v x + v' x' + bias)², of which the coefficient of B is 2 Σ ±v (v + 2^24 v' + bias).
  const scale = BigInt(parameters.featureScaleBits);
  const whole = (number: number): bigint => BigInt(Math.round(number / STEP));
  const sum = (of: (weights: bigint[], bias: bigint) => bigint): bigint =>
    product.network.units.reduce(
      (total, { sign, weights, bias }) => total + BigInt(sign) * of(weights.map(whole), whole(bias)),
      0n,
    );
  const [square, mixed, last] = [
    [0, 0],
    [0, 1],
    [1, 1],
  ].map(([i = 0, j = 0]) => sum((weights) => (weights[i] ?? 0n) * (weights[j] ?? 0n)));
  const lines = [0, 1].map((i) => sum((weights, bias) => (weights[i] ?? 0n) * bias));
  // Taken apart: 24 bits of one product, those of the other below the scale of features, above it the line.
  const parts = told.map((number) => {
    const low = BigInt.asIntN(24, number);
    const high = BigInt.asIntN(Number(scale) - 24, (number - low) >> apart);
    return [low, high, (number - low - (high << apart)) >> scale];
  });
  expect(parts).toEqual([
    [square, mixed, lines[0]],
    [mixed, last, lines[1]],
  ]);
}, 60_000);

test("a reply is a function of the form and of noise: to such a caller too, models of one form and other units look alike", async () => {
  const of = (weights: number[]): SquareNetwork => ({
    kind: "square-network",
    features: [{ name: "x0", low: -1, high: 1 }],
    units: weights.map((weight) => ({ sign: 1, bias: 0, weights: [weight * STEP] })),
    intercept: 0,
    salt: "5a".repeat(32),
  });
  const numbers = Array.from({ length: HIDDEN_RING }, (_, k) => BigInt(k + 1) << 60n);
  const reading = async (weights: number[]) => {
    const network = of(weights);
    const product = await hiddenProduct(network, { resolution: RESOLUTION });
    const { noiseBits, featureScaleBits, weightScaleBits } = product.parameters;
    const frame = await forgedRequest(product.parameters, [numbers]);
    const readings = await forgedReading(await scoreHidden(product, frame, seededRandom(5)));
    return { readings, scales: [noiseBits, featureScaleBits, weightScaleBits] };
  };
  // 1 + 49 + 256² = 25 + 25 + 256²: the largest weight makes the scales the same.
  const one = await reading([1, 7, 256]);
  const same = await reading([5, 5, 256]);
  const other = await reading([5, 6, 256]);
  expect(one.scales).toEqual(same.scales);
  const apart = (left: number[], right: number[]): number =>
    Math.max(...left.map((value, k) => Math.abs(((value - (right[k] ?? 0) + 1.5) % 1) - 0.5)));
  // Of SEAL's fresh encryption, and of rounding.
  expect(apart(one.readings, same.readings)).toBeLessThan(2 ** -50);
  expect(apart(one.readings, other.readings)).toBeGreaterThan(2 ** -50);
}, 60_000);

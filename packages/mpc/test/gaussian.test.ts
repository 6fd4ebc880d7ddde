/** @module */
import type { Random } from "@sluice/protocol";
import { expect, test } from "vitest";
import { sampleErrors } from "../src/lookup/gaussian.ts";
import { ERROR_DEVIATION } from "../src/lookup/lwe.ts";
import { seededRandom } from "./seeded-random.ts";

const SAMPLES = 60_000;

function samples(random: Random, count: number): number[] {
  const out = new Uint32Array(count);
  sampleErrors(out, random);
  return [...new Int32Array(out.buffer)];
}

test("samples have the moments and the frequencies of the discrete Gaussian of deviation 12.8", () => {
  const drawn = samples(seededRandom(11), SAMPLES);
  const mean = drawn.reduce((sum, x) => sum + x, 0) / SAMPLES;
  const variance = drawn.reduce((sum, x) => sum + x * x, 0) / SAMPLES;
  // Five deviations of the estimators; the seed is fixed, so this never flickers.
  expect(Math.abs(mean)).toBeLessThan((5 * ERROR_DEVIATION) / Math.sqrt(SAMPLES));
  expect(Math.abs(variance / ERROR_DEVIATION ** 2 - 1)).toBeLessThan(5 * Math.sqrt(2 / SAMPLES));

  const density = (x: number) => Math.exp((-x * x) / (2 * ERROR_DEVIATION ** 2));
  let total = 0;
  for (let x = -200; x <= 200; x++) total += density(x);
  let chiSquare = 0;
  for (let x = -30; x <= 30; x++) {
    const expected = (SAMPLES * density(x)) / total;
    chiSquare += (drawn.filter((y) => y === x).length - expected) ** 2 / expected;
  }
  // 61 cells: mean 61, deviation 11.
  expect(chiSquare).toBeLessThan(61 + 5 * 11);
});

test("a sample is monotone in its random bits and symmetric about zero", () => {
  const of = (...bytes: number[]) => samples({ bytes: () => Uint8Array.from(bytes) }, 1)[0];
  expect(of(0x80, 0, 0, 0, 0, 0, 0, 0)).toBe(0);
  // P(x ≤ -1) = (1 - P(0)) / 2 = 0.48442: the largest 64-bit word below it gives -1, 0.516 gives 1.
  expect(of(0x7c, 0, 0, 0, 0, 0, 0, 0)).toBe(-1);
  expect(of(0x84, 0, 0, 0, 0, 0, 0, 0)).toBe(1);
  const low = of(0, 0, 0, 0, 0, 0, 1, 0) ?? 0;
  const high = of(255, 255, 255, 255, 255, 255, 254, 255) ?? 0;
  expect(low).toBeLessThan(-100);
  expect(high).toBe(-low);
});

test("the low half of the random bits matters where the high half ties", () => {
  // P(x ≤ -109) is below 2^-53: such samples are told apart by the low words alone.
  const of = (low: number) =>
    samples({ bytes: () => Uint8Array.from([0, 0, 0, 0, 0, 0, low >> 8, low & 255]) }, 1)[0] ?? 0;
  expect(of(0xffff)).toBeGreaterThan(of(1));
});

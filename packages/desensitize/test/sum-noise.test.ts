/** Noise of sums: its distribution, and what that promises.
 *  @module */
import { createCipheriv } from "node:crypto";
import type { Random } from "@sluice/protocol";
import { expect, test } from "vitest";
import { RandomWords, sumNoise } from "../src/index.ts";

/** AES-CTR of a fixed key. */
function seeded(seed: number): Random {
  const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16, seed), Buffer.alloc(16));
  return { bytes: (length) => new Uint8Array(cipher.update(new Uint8Array(length))) };
}

/** P(X = x) of discrete Laplace noise of scale bound/ε. */
function probability(x: number, epsilon: number, bound: number): number {
  const q = Math.exp(-epsilon / bound);
  return ((1 - q) / (1 + q)) * q ** Math.abs(x);
}

const DRAWS = 40_000;

test.each([
  ["1", 3],
  ["0.25", 2],
  ["2", 1],
])("ε = %s and a bound of %i give the exact distribution (chi-squared at a fixed seed)", (epsilon, bound) => {
  const draw = sumNoise(epsilon, bound);
  const words = new RandomWords(seeded(bound));
  // Cells of one number each as far as 20 draws are expected in one, and the two ends.
  let most = 0;
  while (DRAWS * probability(most + 1, Number(epsilon), bound) >= 20) most++;
  const counts = new Map<number, number>();
  for (let i = 0; i < DRAWS; i++) {
    const x = Math.min(Math.max(Number(draw(words)), -most - 1), most + 1);
    counts.set(x, (counts.get(x) ?? 0) + 1);
  }
  const inside = Array.from({ length: 2 * most + 1 }, (_, i) => probability(i - most, Number(epsilon), bound));
  const end = (1 - inside.reduce((sum, each) => sum + each, 0)) / 2;
  const expected = [end, ...inside, end].map((each) => each * DRAWS);
  const squared = expected.reduce((sum, each, i) => sum + ((counts.get(i - most - 1) ?? 0) - each) ** 2 / each, 0);
  const freedom = expected.length - 1;
  // Beyond with a probability of 2^-20 for the right distribution.
  expect(squared).toBeLessThan(freedom + 5 * Math.sqrt(2 * freedom) + 10);
});

test("sums that differ by the bound are e^ε apart at most, wherever they fall", () => {
  for (const [epsilon, bound] of [
    [1, 3],
    [0.25, 1_000],
  ] as const) {
    for (let x = -50; x <= 50; x++) {
      const ratio = probability(x, epsilon, bound) / probability(x - bound, epsilon, bound);
      expect(Math.abs(Math.log(ratio))).toBeLessThanOrEqual(epsilon * (1 + 1e-9));
    }
  }
});

test("a bound beyond 2^50 has noise of its scale, which fits beside the sum", () => {
  const bound = 2 ** 52;
  const draw = sumNoise("0.05", bound);
  const words = new RandomWords(seeded(9));
  const draws = Array.from({ length: 200 }, () => Number(draw(words)));
  const mean = draws.reduce((sum, each) => sum + Math.abs(each), 0) / draws.length;
  // The mean of |x| is the scale; of 200 draws it is off by a third once in 10^5 seeds.
  expect(mean / (bound / 0.05)).toBeGreaterThan(0.66);
  expect(mean / (bound / 0.05)).toBeLessThan(1.34);
  expect(() => sumNoise("0", 3)).toThrow(expect.objectContaining({ code: "ERR_PRIVACY_PARAMETER" }));
});

test("two parts share ε: each is drawn as with half of it", () => {
  const drawn = (epsilon: string, parts?: number): bigint[] => {
    const words = new RandomWords(seeded(9));
    const draw = sumNoise(epsilon, 1_000, parts);
    return Array.from({ length: 50 }, () => draw(words));
  };
  expect(drawn("1", 2)).toEqual(drawn("0.5"));
  expect(drawn("1", 1)).toEqual(drawn("1"));
});

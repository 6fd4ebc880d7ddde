/** The attack on floating-point noise, on a textbook sampler that it breaks and on ours.
 *  @see Mironov, On significance of the least significant bits for differential privacy (2012), §4
 *  @module */
import { expect, test } from "vitest";
import { discreteGaussian } from "../src/privacy/discrete-gaussian.ts";
import { discreteLaplace } from "../src/privacy/discrete-laplace.ts";
import { RandomWords } from "../src/privacy/random-words.ts";
import { rational } from "../src/privacy/rational.ts";
import { seededRandom } from "./seeded-random.ts";

const ANSWERS = 2_000;
const SCALE = 10;
/** Uniform doubles beside the inverse that are tried: the logarithm and the sum round once each. */
const NEIGHBOURS = 64;

/** The sampler of textbooks: the inverse of the distribution function on a uniform double, added to the true answer. */
function textbook(value: number, words: RandomWords): number {
  const uniform = (words.below(2 ** 53) + 1) / 2 ** 53;
  const noise = -SCALE * Math.log(uniform);
  return words.bit() ? value + noise : value - noise;
}

/** Whether the textbook sampler can answer `answer` when the truth is `value`. */
function reaches(answer: number, value: number): boolean {
  const noise = Math.abs(answer - value);
  const near = Math.round(Math.exp(-noise / SCALE) * 2 ** 53);
  for (let k = near - NEIGHBOURS; k <= near + NEIGHBOURS; k++) {
    if (k < 1 || k > 2 ** 53) continue;
    const own = -SCALE * Math.log(k / 2 ** 53);
    if (value + own === answer || value - own === answer) return true;
  }
  return false;
}

test("the low bits of a textbook answer tell which of two neighbouring truths it came from", () => {
  const words = new RandomWords(seededRandom(21));
  let told = 0;
  for (let i = 0; i < ANSWERS; i++) {
    const truth = i % 2;
    const answer = textbook(truth, words);
    const [zero, one] = [reaches(answer, 0), reaches(answer, 1)];
    // The attack is never wrong: the true value is always among those that reach the answer.
    expect(truth === 0 ? zero : one).toBe(true);
    if (zero !== one) told++;
  }
  // What ε = 0.1 allows is that the odds of the two truths change by 1.1, never that one is impossible.
  expect(told / ANSWERS).toBeGreaterThan(0.3);
  expect(Number((told / ANSWERS).toPrecision(2))).toMatchInlineSnapshot(`0.63`);
});

test.each([
  ["Laplace", discreteLaplace(rational(BigInt(SCALE), 1n))],
  ["Gaussian", discreteGaussian(rational(BigInt(SCALE * SCALE), 1n))],
] as const)("our discrete %s answers are whole numbers, and each of them comes from either truth", (_, sampler) => {
  const words = new RandomWords(seededRandom(22));
  const seen = [new Map<bigint, number>(), new Map<bigint, number>()];
  for (let i = 0; i < 40 * ANSWERS; i++) {
    const truth = i % 2;
    const answer = BigInt(truth) + sampler(words);
    const counts = seen[truth];
    counts?.set(answer, (counts.get(answer) ?? 0) + 1);
  }
  const [zero = new Map<bigint, number>(), one = new Map<bigint, number>()] = seen;
  // Of what one truth gave often enough to be missed, nothing is impossible for the other.
  const told = [...zero].filter(([answer, count]) => count > 40 && !one.has(answer)).length;
  expect(told).toBe(0);
  expect([...one].filter(([answer, count]) => count > 40 && !zero.has(answer))).toEqual([]);
});

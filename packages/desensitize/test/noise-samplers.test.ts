/** @module */
import { expect, test } from "vitest";
import { bernoulli, bernoulliExp, bernoulliExpOne } from "../src/privacy/bernoulli-exp.ts";
import { discreteGaussian } from "../src/privacy/discrete-gaussian.ts";
import { discreteLaplace, type Sampler } from "../src/privacy/discrete-laplace.ts";
import { RandomWords } from "../src/privacy/random-words.ts";
import { rational, type Rational } from "../src/privacy/rational.ts";
import { fit, gaussianProbability, laplaceProbability } from "./goodness-of-fit.ts";
import { scriptedRandom, seededRandom } from "./seeded-random.ts";

const SAMPLES = 60_000;

function draw(sampler: Sampler, seed: number, count = SAMPLES): number[] {
  const words = new RandomWords(seededRandom(seed));
  return Array.from({ length: count }, () => Number(sampler(words)));
}

function valueOf({ numerator, denominator }: Rational): number {
  return Number(numerator) / Number(denominator);
}

/** Both moments to five deviations of their estimators; `kurtosis` is that of the distribution. */
function expectMoments(samples: readonly number[], variance: number, kurtosis: number): void {
  const n = samples.length;
  const mean = samples.reduce((sum, x) => sum + x, 0) / n;
  const square = samples.reduce((sum, x) => sum + x * x, 0) / n;
  expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(variance / n));
  expect(Math.abs(square / variance - 1)).toBeLessThan(5 * Math.sqrt((kurtosis - 1) / n));
}

const LAPLACE_SCALES = [rational(1n, 3n), rational(1n, 1n), rational(10n, 3n), rational(10n, 1n), rational(200n, 1n)];

test.each(LAPLACE_SCALES)("the discrete Laplace of scale $numerator/$denominator has its distribution", (scale) => {
  const samples = draw(discreteLaplace(scale), 1);
  const s = valueOf(scale);
  const { kolmogorov, chiSquared } = fit(samples, laplaceProbability(s), Math.ceil(60 * s));
  expect(kolmogorov).toBeLessThan(1);
  expect(chiSquared).toBeLessThan(1);
  const q = Math.exp(-1 / s);
  const variance = (2 * q) / (1 - q) ** 2;
  // E x⁴ = 2q(1 + 10q + q²) / (1 - q)⁴
  expectMoments(samples, variance, (2 * q * (1 + 10 * q + q * q)) / (1 - q) ** 4 / variance ** 2);
});

const VARIANCES = [rational(1n, 4n), rational(1n, 1n), rational(200n, 3n), rational(100n, 1n), rational(10_000n, 1n)];

test.each(VARIANCES)("the discrete Gaussian of σ² = $numerator/$denominator has its distribution", (variance) => {
  const samples = draw(discreteGaussian(variance), 2);
  const v = valueOf(variance);
  const probability = gaussianProbability(v);
  const reach = Math.ceil(12 * Math.sqrt(v)) + 2;
  const { kolmogorov, chiSquared } = fit(samples, probability, reach);
  expect(kolmogorov).toBeLessThan(1);
  expect(chiSquared).toBeLessThan(1);
  let [second, fourth] = [0, 0];
  for (let x = -reach; x <= reach; x++) {
    second += x * x * probability(x);
    fourth += x ** 4 * probability(x);
  }
  expectMoments(samples, second, fourth / second ** 2);
});

test("samples of another scale are told apart", () => {
  const samples = draw(discreteLaplace(rational(10n, 1n)), 3);
  expect(fit(samples, laplaceProbability(11), 600).kolmogorov).toBeGreaterThan(1);
  expect(fit(samples, laplaceProbability(11), 600).chiSquared).toBeGreaterThan(1);
  expect(fit(draw(discreteGaussian(rational(100n, 1n)), 3), gaussianProbability(110), 140).chiSquared).toBeGreaterThan(
    1,
  );
});

test.each([2n ** 39n + 1n, 2n ** 45n + 3n, 2n ** 70n + 9n])("scales of any size are continuous: %s", (scale) => {
  // |x| / scale is exponential of mean 1, but for a part in the scale.
  for (const [sampler, variance, kurtosis] of [
    [discreteLaplace(rational(scale, 1n)), 2, 6],
    [discreteLaplace(rational(scale * 3n, 3n)), 2, 6],
    [discreteGaussian(rational(scale * scale, 1n)), 1, 3],
    [discreteGaussian(rational(scale * scale * 7n + 1n, 7n)), 1, 3],
  ] as const) {
    const samples = draw(sampler, 4, 20_000).map((x) => x / Number(scale));
    expectMoments(samples, variance, kurtosis);
  }
});

test.each([
  [0, 1],
  [1, 7],
  [1, 1],
  [5, 3],
  [20, 7],
])("exp(-%d/%d) is the share of true trials, in doubles and in large integers", (a, b) => {
  for (const [numerator, denominator] of [
    [a, b],
    [BigInt(a) * 3n ** 50n, BigInt(b) * 3n ** 50n],
  ] as const) {
    const words = new RandomWords(seededRandom(5));
    let hits = 0;
    for (let i = 0; i < SAMPLES; i++) if (bernoulliExp(words, numerator, denominator)) hits++;
    const p = Math.exp(-a / b);
    expect(Math.abs(hits - SAMPLES * p)).toBeLessThanOrEqual(4.9 * Math.sqrt(SAMPLES * p * (1 - p)));
  }
});

test("exp(-1) is the share of true trials", () => {
  const words = new RandomWords(seededRandom(6));
  let hits = 0;
  for (let i = 0; i < SAMPLES; i++) if (bernoulliExpOne(words)) hits++;
  expect(Math.abs(hits / SAMPLES - Math.exp(-1))).toBeLessThan(4.9 * Math.sqrt(0.2325 / SAMPLES));
});

test("a trial is exact where 32 bits are too close to its probability: whole numbers decide over them", () => {
  const random = seededRandom(7);
  const pick = new RandomWords(random);
  for (let i = 0; i < 240; i++) {
    const b = pick.belowBig(1n << BigInt(2 + (i % 80))) + 2n;
    const a = pick.belowBig(b);
    const [floor, rest] = [(a << 32n) / b, (a << 32n) % b];
    const word = Number(floor);
    const decided = (first: number, ...more: number[]): boolean =>
      bernoulli(new RandomWords(scriptedRandom([first, ...more])), a, b);
    if (word > 0) expect(decided(word - 1)).toBe(true);
    if (word + 1 < 2 ** 32) expect(decided(word + 1)).toBe(false);
    // Within the word itself, a number below b decides: 0 is below the rest unless there is none.
    expect(decided(word, 0)).toBe(rest > 0n);
    const bits = (b - 1n).toString(2).length;
    const last = wordsOf(b - 1n, bits);
    expect(decided(word, ...last)).toBe(false);
    if (rest > 0n) expect(decided(word, ...wordsOf(rest - 1n, bits))).toBe(true);
    if (rest > 0n) expect(decided(word, ...wordsOf(rest, bits))).toBe(false);
  }
});

/** Words of which `belowBig` makes `value` for a bound of `bits` bits. */
function wordsOf(value: bigint, bits: number): number[] {
  const words: number[] = [];
  for (let left = bits; left > 0; left -= 32) {
    const taken = Math.min(left, 32);
    const part = (value >> BigInt(left - taken)) & ((1n << BigInt(taken)) - 1n);
    words.push(Number(part << BigInt(32 - taken)));
  }
  return words;
}

test("uniform numbers are uniform for bounds of every kind, and below them", () => {
  const words = new RandomWords(seededRandom(8));
  for (const bound of [1, 2, 7, 1_000, 2 ** 21, 2 ** 21 + 1, 2 ** 32, 2 ** 32 + 5, 3 * 2 ** 50, 2 ** 53]) {
    const cells = Math.min(bound, 10);
    const counts = Array.from({ length: cells }, () => 0);
    for (let i = 0; i < 5_000; i++) {
      const [small, large] = [words.below(bound), Number(words.belowBig(BigInt(bound)))];
      for (const drawn of [small, large]) {
        if (!Number.isSafeInteger(drawn) || drawn < 0 || drawn >= bound) throw new Error(`${drawn} of ${bound}`);
        const cell = Math.floor((drawn / bound) * cells);
        counts[cell] = (counts[cell] ?? 0) + 1;
      }
    }
    for (const count of counts)
      expect(Math.abs(count - 10_000 / cells)).toBeLessThanOrEqual(5 * Math.sqrt(10_000 / cells));
  }
});

test("used words are wiped from the pool, and what the source gave is wiped, too", () => {
  const given: Uint8Array[] = [];
  const source = seededRandom(9);
  const words = new RandomWords({
    bytes: (length) => {
      const bytes = source.bytes(length);
      given.push(bytes);
      return bytes;
    },
  });
  for (let i = 0; i < 100; i++) words.word();
  expect(given).toHaveLength(1);
  expect(given[0]?.every((byte) => byte === 0)).toBe(true);
});

test("a seeded source gives these samples", () => {
  expect(draw(discreteLaplace(rational(10n, 1n)), 10, 16).join(" ")).toMatchInlineSnapshot(
    `"-28 -13 4 7 45 -3 10 14 -2 -1 -6 24 0 3 11 -6"`,
  );
  expect(draw(discreteLaplace(rational(7n, 3n)), 10, 16).join(" ")).toMatchInlineSnapshot(
    `"-6 -3 0 1 10 2 3 -1 5 0 1 0 -2 -1 -7 -1"`,
  );
  expect(draw(discreteGaussian(rational(100n, 1n)), 10, 16).join(" ")).toMatchInlineSnapshot(
    `"-22 8 3 1 -5 5 4 2 3 -9 -6 -7 13 -5 20 8"`,
  );
  const large = discreteGaussian(rational(10n ** 40n, 3n));
  const words = new RandomWords(seededRandom(10));
  expect(Array.from({ length: 3 }, () => large(words)).join(" ")).toMatchInlineSnapshot(
    `"-36584639698978120663 23754967923947687480 16916930858843383072"`,
  );
});

test("a scale or variance that is not positive is refused", () => {
  for (const sampler of [discreteLaplace, discreteGaussian]) {
    expect(() => sampler({ numerator: 0n, denominator: 1n })).toThrow(RangeError);
    expect(() => sampler({ numerator: -1n, denominator: 1n })).toThrow(RangeError);
    expect(() => sampler({ numerator: 1n, denominator: 0n })).toThrow(RangeError);
  }
});

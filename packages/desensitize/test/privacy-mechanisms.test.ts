/** @module */
import { MAX_CONTRIBUTION, type ContributionBound } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { boundContributions } from "../src/privacy/bound-contributions.ts";
import { noiseFor } from "../src/privacy/noise.ts";
import { permuteAndFlip } from "../src/privacy/permute-and-flip.ts";
import { gridScores, noisyQuantile, quantileSensitivity } from "../src/privacy/quantile.ts";
import { RandomWords } from "../src/privacy/random-words.ts";
import { rational } from "../src/privacy/rational.ts";
import { epsilonFor } from "../src/privacy/zcdp.ts";
import { seededRandom } from "./seeded-random.ts";

const DRAWS = 40_000;
const NONE = 9;
const ONE: ContributionBound = { rows: 1, groups: 1 };

function histogram(draw: (words: RandomWords) => number, seed: number): Map<number, number> {
  const words = new RandomWords(seededRandom(seed));
  const counts = new Map<number, number>();
  for (let i = 0; i < DRAWS; i++) {
    const x = draw(words);
    counts.set(x, (counts.get(x) ?? 0) + 1);
  }
  return counts;
}

/** The mass by which answers on one of two neighbouring tables exceed e^ε times those on the other: the largest for one
 *  answer in its standard errors, and all of it. Google's `verifyApproximateDp` sums the same. */
function excess(one: Map<number, number>, other: Map<number, number>, epsilon: number): { z: number; mass: number } {
  const factor = Math.exp(epsilon);
  let [z, mass] = [0, 0];
  for (const [x, count] of one) {
    const [p, q] = [count / DRAWS, (other.get(x) ?? 0) / DRAWS];
    const over = p - factor * q;
    mass += Math.max(0, over);
    z = Math.max(z, over / Math.sqrt((p + factor * factor * Math.max(q, 1 / DRAWS)) / DRAWS));
  }
  return { z, mass };
}

/** Both ways round. */
function distance(at: (truth: 0 | 1) => (words: RandomWords) => number, epsilon: number): { z: number; mass: number } {
  const [zero, one] = [histogram(at(0), 31), histogram(at(1), 32)];
  const [a, b] = [excess(zero, one, epsilon), excess(one, zero, epsilon)];
  return { z: Math.max(a.z, b.z), mass: Math.max(a.mass, b.mass) };
}

test("counts of neighbouring tables under Laplace noise are as close as ε says, and no closer than that", () => {
  for (const bound of [ONE, { rows: 2, groups: 3 }]) {
    const { sample } = noiseFor({ mechanism: "laplace", epsilon: "0.8" }, bound, 1n, 1);
    const truth = { 0: 20n, 1: 20n + BigInt(bound.rows * bound.groups) };
    const counted = (which: 0 | 1) => (words: RandomWords) => Number(truth[which] + sample(words));
    expect(distance(counted, 0.8).z).toBeLessThan(5.5);
    expect(distance(counted, 0.6).z).toBeGreaterThan(5.5);
  }
});

test("counts of neighbouring tables under Gaussian noise are as close as (ε, δ) says, and not much closer", () => {
  const { sample } = noiseFor({ mechanism: "gaussian", rho: "0.125" }, { rows: 2, groups: 1 }, 1n, 1);
  const counted = (which: 0 | 1) => (words: RandomWords) => Number((which === 0 ? 7n : 9n) + sample(words));
  const epsilon = epsilonFor(125_000n, 0.005, 10);
  expect(distance(counted, epsilon).mass).toBeLessThan(0.005 + 0.01);
  expect(distance(counted, epsilon / 3).mass).toBeGreaterThan(0.05);
});

test("parts of one table share its parameter: each alone is as private as its part", () => {
  const { sample } = noiseFor({ mechanism: "laplace", epsilon: "1.6" }, ONE, 1n, 2);
  const counted = (which: 0 | 1) => (words: RandomWords) => which + Number(sample(words));
  expect(distance(counted, 0.8).z).toBeLessThan(5.5);
  expect(distance(counted, 0.6).z).toBeGreaterThan(5.5);
});

test("medians of neighbouring tables are as close as ε says, and good", () => {
  const question = {
    grid: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    share: rational(1n, 2n),
    rowsPerPerson: 1,
    epsilon: rational(1n, 1n),
  };
  const tables = { 0: [1, 2, 3, 6, 7], 1: [1, 2, 3, 6, 7, 9] };
  const median = (which: 0 | 1) => (words: RandomWords) => noisyQuantile(tables[which], question, words);
  expect(distance(median, 1).z).toBeLessThan(5.5);
  // Of very many numbers, it is the median.
  const many = Array.from({ length: 2_001 }, (_, i) => i / 200);
  const words = new RandomWords(seededRandom(33));
  for (let i = 0; i < 50; i++) expect(Math.abs(noisyQuantile(many, question, words) - 5)).toBeLessThanOrEqual(1);
});

test("permute-and-flip chooses with its probabilities", () => {
  // With scores 0 and -1 and exp(-ε/2Δ) = p: the worse one is first half of the time, and is then taken with p.
  const chosen = histogram((words) => permuteAndFlip([0n, -1n], 1n, rational(2n, 1n), words), 34);
  const p = Math.exp(-1) / 2;
  expect(Math.abs((chosen.get(1) ?? 0) / DRAWS - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / DRAWS));
  const equal = histogram((words) => permuteAndFlip([7n, 7n, 7n, 7n], 5n, rational(1n, 10n), words), 35);
  for (const count of equal.values()) expect(Math.abs(count - DRAWS / 4)).toBeLessThan(5 * Math.sqrt(DRAWS / 4));
});

test("one person changes the score of a grid point by no more than the sensitivity says, and by as much", () => {
  const grid = [0, 1, 2];
  for (const [a, b] of [
    [1n, 2n],
    [1n, 4n],
    [9n, 10n],
  ] as const) {
    const share = rational(a, b);
    let most = 0n;
    for (const values of tuplesUpTo([-1, 0, 1, 2, 3], 3)) {
      const scores = gridScores(values, grid, share);
      for (const added of tuplesUpTo([-1, 0, 1, 2, 3], 2)) {
        for (const [i, score] of gridScores([...values, ...added], grid, share).entries()) {
          const change = score - (scores[i] ?? 0n);
          const size = change < 0n ? -change : change;
          if (size > most) most = size;
        }
      }
    }
    expect(most).toBe(quantileSensitivity(share, 2));
  }
});

test("scores are what their definition says", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -3, max: 12 }), { maxLength: 30 }), (values) => {
      const grid = [0, 2, 3, 7, 9];
      const scores = gridScores([...values, Number.NaN], grid, rational(1n, 4n));
      return grid.every((point, i) => {
        const below = values.filter((value) => value < point).length;
        return scores[i] === -BigInt(Math.abs(3 * below - (values.length - below)));
      });
    }),
  );
});

/** All tuples of `choices` of length up to `length`. */
function tuplesUpTo<T>(choices: readonly T[], length: number): T[][] {
  const all: T[][] = [[]];
  let last: T[][] = [[]];
  for (let i = 0; i < length; i++) {
    last = last.flatMap((tuple) => choices.map((choice) => [...tuple, choice]));
    all.push(...last);
  }
  return all;
}

const SAME_WORDS = seededRandom(41).bytes(2 ** 14);

type Row = { subject: number; group: number; value: number };

/** Counts and sums of the groups after bounding. */
function answers(rows: readonly Row[], bound: ContributionBound): { counts: number[]; sums: number[] } {
  const kept = boundContributions(
    Uint16Array.from(rows, ({ group }) => group),
    NONE,
    Uint32Array.from(rows, ({ subject }) => subject),
    bound,
    new RandomWords({ bytes: (length) => SAME_WORDS.slice(0, length) }),
  );
  const [counts, sums] = [
    [0, 0, 0],
    [0, 0, 0],
  ];
  for (const [row, group] of kept.entries()) {
    if (group === NONE) continue;
    counts[group] = (counts[group] ?? 0) + 1;
    sums[group] = (sums[group] ?? 0) + (rows[row]?.value ?? 0);
  }
  return { counts, sums };
}

test.each([
  { rows: 1, groups: 1 },
  { rows: 2, groups: 1 },
  { rows: 1, groups: 2 },
  { rows: 2, groups: 2 },
])(
  "one person more or less changes counts and sums by what $rows rows and $groups groups allow, and by as much",
  (bound) => {
    const others: Row[] = [
      { subject: 0, group: 0, value: 2 },
      { subject: 1, group: 1, value: -3 },
      { subject: 0, group: 1, value: 1 },
      { subject: 1, group: 1, value: 3 },
      { subject: 0, group: 2, value: 3 },
    ];
    const LIMIT = 3;
    const without = answers(others, bound);
    let [l1, l2, sumL1, sumL2] = [0, 0, 0, 0];
    const choices = [0, 1, 2, NONE].flatMap((group) => [-LIMIT, 2, LIMIT].map((value) => ({ group, value })));
    for (const added of tuplesUpTo(choices, 3)) {
      for (const place of [0, 2, 5]) {
        const rows = others.toSpliced(place, 0, ...added.map((row) => ({ ...row, subject: 2 })));
        const changed = answers(rows, bound);
        const counts = changed.counts.map((count, i) => Math.abs(count - (without.counts[i] ?? 0)));
        const sums = changed.sums.map((sum, i) => Math.abs(sum - (without.sums[i] ?? 0)));
        l1 = Math.max(l1, total(counts));
        l2 = Math.max(l2, total(counts.map((x) => x * x)));
        sumL1 = Math.max(sumL1, total(sums));
        sumL2 = Math.max(sumL2, total(sums.map((x) => x * x)));
      }
    }
    const { rows, groups } = bound;
    // Three rows reach every bound but that of two rows in each of two groups.
    const reached = Math.min(rows * groups, 3);
    expect(l1).toBe(reached);
    expect(l2).toBe(rows * groups === 4 ? 5 : rows * rows * groups);
    expect(sumL1).toBe(LIMIT * reached);
    expect(sumL2).toBe(LIMIT * LIMIT * (rows * groups === 4 ? 5 : rows * rows * groups));
  },
);

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, x) => sum + x, 0);
}

test("what is kept of a person is within the bound, is that person's, and is a random choice", () => {
  const person = fc.array(fc.record({ subject: fc.nat(4), group: fc.constantFrom(0, 1, 2, NONE) }), { maxLength: 40 });
  const bounds = fc.record({ rows: fc.integer({ min: 1, max: 3 }), groups: fc.integer({ min: 1, max: 3 }) });
  fc.assert(
    fc.property(person, bounds, fc.nat(1_000), (rows, bound, seed) => {
      const groupOf = Uint16Array.from(rows, ({ group }) => group);
      const subjects = Uint32Array.from(rows, ({ subject }, i) => Math.min(subject, rows.length - 1, i + subject));
      const kept = boundContributions(groupOf, NONE, subjects, bound, new RandomWords(seededRandom(seed)));
      for (const subject of new Set(subjects)) {
        const own = [...kept].filter((group, i) => subjects[i] === subject && group !== NONE);
        const had = [...groupOf].filter((group, i) => subjects[i] === subject && group !== NONE);
        const counts = [0, 1, 2].map((group) => own.filter((each) => each === group).length);
        expect(counts.filter((count) => count > 0).length).toBe(Math.min(bound.groups, new Set(had).size));
        for (const [group, count] of counts.entries()) {
          expect(count).toBeLessThanOrEqual(bound.rows);
          if (count > 0) expect(count).toBe(Math.min(bound.rows, had.filter((each) => each === group).length));
        }
      }
      return [...kept].every((group, i) => group === NONE || group === groupOf[i]);
    }),
  );
  const words = new RandomWords(seededRandom(42));
  const picks = [0, 0, 0, 0];
  for (let i = 0; i < 4_000; i++) {
    const kept = boundContributions(Uint16Array.of(0, 1, 1, 2), NONE, new Uint32Array(4), ONE, words);
    const row = kept.findIndex((group) => group !== NONE);
    picks[row] = (picks[row] ?? 0) + 1;
  }
  for (const count of picks) expect(Math.abs(count - 1_000)).toBeLessThan(5 * Math.sqrt(750));
});

test("standard errors are those of the noise", () => {
  for (const loss of [
    { mechanism: "laplace", epsilon: "0.25" },
    { mechanism: "gaussian", rho: "0.02" },
  ] as const) {
    const { sample, standardError } = noiseFor(loss, { rows: 2, groups: 2 }, 5n, 2);
    const words = new RandomWords(seededRandom(43));
    let square = 0;
    for (let i = 0; i < 20_000; i++) square += Number(sample(words)) ** 2;
    expect(Math.sqrt(square / 20_000) / standardError).toBeCloseTo(1, 1);
  }
});

test.each([0, -1, 1.5, Number.NaN, Infinity, MAX_CONTRIBUTION + 1])("a contribution bound of %d is refused", (bad) => {
  for (const bound of [
    { rows: bad, groups: 1 },
    { rows: 1, groups: bad },
  ]) {
    expect(() => noiseFor({ mechanism: "laplace", epsilon: "1" }, bound, 1n, 1)).toThrow(
      expect.objectContaining({ code: "ERR_PRIVACY_PARAMETER" }),
    );
  }
});

test.each([
  { grid: [] },
  { grid: [1, 1] },
  { grid: [2, 1] },
  { grid: [0, Number.NaN] },
  { grid: [0, Infinity] },
  { share: rational(0n, 1n) },
  { share: rational(1n, 1n) },
  { rowsPerPerson: 0 },
  { rowsPerPerson: 0.5 },
  { epsilon: rational(0n, 1n) },
])("a quantile is refused for %o", (bad) => {
  const question = { grid: [0, 1], share: rational(1n, 2n), rowsPerPerson: 1, epsilon: rational(1n, 1n), ...bad };
  expect(() => noisyQuantile([1], question, new RandomWords(seededRandom(1)))).toThrow(
    expect.objectContaining({ code: "ERR_PRIVACY_PARAMETER" }),
  );
});

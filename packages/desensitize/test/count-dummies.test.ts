/** Dummy matches of a count: their distribution, that neighbouring counts are as close as promised, and what an attacker gains
 *  who asks for a group of k - 1 persons and then for the same group with one more.
 *  @module */
import { COUNT_DELTA, countShift, truncationDelta } from "@sluice/protocol";
import { createCipheriv, createHash } from "node:crypto";
import { expect, test } from "vitest";
import { countDummies, RandomWords } from "../src/index.ts";

const SLOW = process.env["SLOW"] === "1";
const DRAWS = SLOW ? 2_000_000 : 60_000;

function wordsOf(seed: string): RandomWords {
  const key = createHash("sha256").update(seed).digest();
  const cipher = createCipheriv("aes-256-ctr", key, Buffer.alloc(16));
  return new RandomWords({ bytes: (length) => new Uint8Array(cipher.update(Buffer.alloc(length))) });
}

/** P(D) by the formula of the page. */
function probabilities(epsilon: number, shift: number): number[] {
  const weights = Array.from({ length: 2 * shift + 1 }, (_, i) => Math.exp(-epsilon * Math.abs(i - shift)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

test.each(["0.05", "0.5", "2"])(
  "dummies are whole, from 0 to twice the shift, and distributed as they say: ε = %s",
  (epsilon) => {
    const shift = countShift(epsilon);
    const draw = countDummies(epsilon, shift);
    const words = wordsOf(`dummies ${epsilon}`);
    const counts = Array.from({ length: 2 * shift + 1 }, () => 0);
    for (let i = 0; i < DRAWS; i++) {
      const drawn = draw(words);
      if (!Number.isInteger(drawn) || drawn < 0 || drawn > 2 * shift)
        throw new Error(`${drawn} is no number of dummies`);
      counts[drawn] = (counts[drawn] ?? 0) + 1;
    }
    // Pearson's chi-square over the values that are expected ten times and more, the others together.
    let [statistic, cells, rest, restExpected] = [0, 0, DRAWS, DRAWS];
    for (const [value, probability] of probabilities(Number(epsilon), shift).entries()) {
      const expected = probability * DRAWS;
      if (expected < 10) continue;
      statistic += ((counts[value] ?? 0) - expected) ** 2 / expected;
      rest -= counts[value] ?? 0;
      restExpected -= expected;
      cells++;
    }
    if (restExpected > 1) statistic += (rest - restExpected) ** 2 / restExpected;
    // Laurent and Massart (2000), at 10^-9.
    const tail = Math.log(1e9);
    expect(statistic).toBeLessThan(cells + 2 * Math.sqrt(cells * tail) + 2 * tail);
  },
);

test.each(["0.05", "0.5", "1", "2"])("counts that differ by one are (ε, δ)-indistinguishable: ε = %s", (epsilon) => {
  const shift = countShift(epsilon);
  const p = probabilities(Number(epsilon), shift);
  const most = Math.exp(Number(epsilon)) * (1 + 1e-12);
  // Of every set of outcomes, the one for which the bound is tightest: all outcomes that one count makes likelier than e^ε times the other.
  for (const step of [1, -1]) {
    let excess = 0;
    for (let at = -1; at <= 2 * shift + 1; at++) excess += Math.max(0, (p[at] ?? 0) - most * (p[at - step] ?? 0));
    expect(excess).toBeLessThanOrEqual(COUNT_DELTA);
    expect(excess).toBeCloseTo(truncationDelta(Number(epsilon), shift), 14);
  }
});

test("a probe of k - 1 persons and one of the same with one more tell of the one no more than ε, and n of them no more than n·ε", () => {
  const epsilon = 0.5;
  const shift = countShift(String(epsilon));
  const p = probabilities(epsilon, shift);
  const draw = countDummies(String(epsilon), shift);
  const words = wordsOf("probes");
  const attacks = DRAWS / 10;
  for (const probes of [1, 2, 10]) {
    let right = 0;
    for (let attack = 0; attack < attacks; attack++) {
      const member = words.bit() ? 1 : 0;
      // The group of k - 1 is known, and its own count tells nothing more: each probe is one with the person in it. The best
      // guess is by the likelihood of all of them.
      let odds = 0;
      for (let probe = 0; probe < probes; probe++) {
        const seen = member + draw(words);
        odds += Math.log((p[seen - 1] ?? 0) + 1e-300) - Math.log((p[seen] ?? 0) + 1e-300);
      }
      const guess = odds === 0 ? (words.bit() ? 1 : 0) : odds > 0 ? 1 : 0;
      if (guess === member) right++;
    }
    const gained = Math.exp(probes * epsilon);
    // Hoeffding at 10^-9.
    const margin = Math.sqrt(Math.log(1e9) / (2 * attacks));
    expect(right / attacks).toBeLessThanOrEqual(gained / (1 + gained) + margin);
    // And not for want of an attack: it gains most of what one probe may give.
    if (probes === 1) expect(right / attacks).toBeGreaterThan(gained / (1 + gained) - 0.02);
  }
});

test("a shift that truncates more than its δ, or is none, is refused", () => {
  for (const [epsilon, shift] of [
    ["0.5", countShift("0.5") - 1],
    ["0.5", 401],
    ["0.5", 40.5],
    ["0", 40],
    ["-1", 40],
  ] as const) {
    expect(() => countDummies(epsilon, shift)).toThrow(expect.objectContaining({ code: "ERR_PRIVACY_PARAMETER" }));
  }
});

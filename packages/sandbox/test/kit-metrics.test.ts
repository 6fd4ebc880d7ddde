import fc from "fast-check";
import { expect, test } from "vitest";
import type { Column } from "@sluice/protocol";
import { createRng, deviance, gainsTable, ks, psi, rmse, splitGroups } from "../src/kit.ts";

const pairs = fc.array(fc.record({ score: fc.integer({ min: 0, max: 6 }), label: fc.integer({ min: 0, max: 1 }) }), {
  maxLength: 40,
});

test("KS is the largest distance between the two classes' shares at or below a score", () => {
  fc.assert(
    fc.property(pairs, (rows) => {
      const of = (label: number) => rows.filter((row) => row.label === label);
      const below = (label: number, score: number) =>
        of(label).filter((row) => row.score <= score).length / of(label).length;
      const plain =
        of(0).length === 0 || of(1).length === 0
          ? 0
          : Math.max(...rows.map(({ score }) => Math.abs(below(0, score) - below(1, score))));
      const found = ks(
        rows.map(({ score }) => score),
        rows.map(({ label }) => label),
      );
      expect(found).toBeCloseTo(plain, 12);
    }),
  );
  expect(() => ks([1], [])).toThrow(RangeError);
});

test("gains are shares of all positives, and the lift of all parts is 1", () => {
  const scores = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0];
  const labels = [1, 1, 0, 1, 0, 0, 0, 1, 0, 0];
  expect(gainsTable(scores, labels, 5)).toEqual([
    { rows: 2, positives: 2, gain: 0.5, lift: 2.5 },
    { rows: 2, positives: 1, gain: 0.75, lift: 1.25 },
    { rows: 2, positives: 0, gain: 0.75, lift: 0 },
    { rows: 2, positives: 1, gain: 1, lift: 1.25 },
    { rows: 2, positives: 0, gain: 1, lift: 0 },
  ]);
  expect(gainsTable(scores.toReversed(), labels.toReversed(), 5)).toEqual(gainsTable(scores, labels, 5));
  expect(gainsTable([1, 2], [0, 0], 1)).toEqual([{ rows: 2, positives: 0, gain: 0, lift: 0 }]);
});

test("PSI is the sum over bins of the change of a share times the logarithm of its ratio", () => {
  const before = Array.from({ length: 100 }, (_, i) => i);
  const after = before.map((value) => (value < 50 ? value : value / 2));
  expect(psi(before, before)).toBeCloseTo(0, 12);
  // Two bins of 50 and 50 become 75 or so and 25 or so; half a row more in each.
  const high = after.filter((value) => value >= 50).length;
  const [p, q] = [50.5 / 101, (high + 0.5) / 101];
  const plain = (q - p) * Math.log(q / p) + (p - q) * Math.log((1 - q) / (1 - p));
  expect(psi(before, after, 2)).toBeCloseTo(plain, 12);
  expect(psi(before, after)).toBeGreaterThan(0.25);
});

test("RMSE and deviances follow their formulas", () => {
  expect(rmse([1, 2, 3], [1, 4, 6])).toBeCloseTo(Math.sqrt(13 / 3), 12);
  expect(deviance([1, 2], [1, 4], "identity")).toBe(2);
  expect(deviance([0.5, 0.25], [1, 0], "logit")).toBeCloseTo(-(Math.log(0.5) + Math.log(0.75)), 12);
  expect(deviance([2, 3], [0, 5], "log")).toBeCloseTo(2 + 5 * Math.log(5 / 3) - 2, 12);
  expect(deviance([0, 1], [1, 0], "logit")).toBeLessThan(100);
  expect(() => deviance([1], [], "log")).toThrow(RangeError);
});

test("a split by group keeps each group on one side", () => {
  const firm: Column = {
    type: "dict",
    values: Uint32Array.from({ length: 3_000 }, (_, i) => i % 300),
    dictionary: Array.from({ length: 300 }, (_, i) => `f${i}`),
    validity: new Uint8Array(375).fill(0b0111_1111),
  };
  const marks = splitGroups(firm, 0.6, createRng(3));
  expect(splitGroups(firm, 0.6, createRng(3))).toEqual(marks);
  const sides = new Map<number, Set<number>>();
  for (const [i, mark] of marks.entries()) {
    // Every eighth row lacks its firm.
    const group = i % 8 === 7 ? -1 : i % 300;
    sides.set(group, (sides.get(group) ?? new Set()).add(mark));
  }
  for (const [, side] of sides) expect(side.size).toBe(1);
  const kept = [...sides.values()].filter((side) => side.has(1)).length;
  expect(Math.abs(kept - 180)).toBeLessThan(30);
  const plain = [...splitGroups([5, 6, 5, 6, 5], 0.5, createRng(4))];
  expect(plain).toEqual([plain[0], plain[1], plain[0], plain[1], plain[0]]);
});

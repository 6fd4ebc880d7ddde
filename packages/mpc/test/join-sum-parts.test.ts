/** Parts of values: what one entry changes each part by is within what its noise is drawn for, and the parts give the value back.
 *  @module */
import { likelySumError, SUM_PART_BASE, sumPartBounds } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { digitOf, limbsFor } from "../src/he/join-sum/limbs.ts";

const bounds = fc.oneof(
  fc.integer({ min: 1, max: 2 ** 30 + 5 }),
  fc.maxSafeInteger().filter((bound) => bound > 0),
);

test("no value within the bound has a digit beyond its part's bound, and digits give the value", () => {
  fc.assert(
    fc.property(bounds, fc.double({ min: -1, max: 1, noNaN: true }), (bound, share) => {
      const value = Math.trunc(bound * share);
      const parts = sumPartBounds(bound);
      expect(limbsFor(bound)).toBe(parts.length);
      const digits = parts.map((_, part) => digitOf(value, part, parts.length));
      for (const [part, digit] of digits.entries()) expect(Math.abs(digit)).toBeLessThanOrEqual(parts[part] ?? 0);
      const back = digits.reduce((sum, digit, part) => sum + BigInt(digit) * BigInt(SUM_PART_BASE) ** BigInt(part), 0n);
      expect(back).toBe(BigInt(value));
    }),
    {
      examples: [
        [2 ** 30, 1],
        [2 ** 30 + 1, 1],
        [2 ** 30 + 1, -1],
        [Number.MAX_SAFE_INTEGER, -1],
        [Number.MAX_SAFE_INTEGER, 1],
      ],
    },
  );
});

test("the likely error of two parts is that of the higher one times its base, and more", () => {
  const error = (bound: number): number => likelySumError({ terms: { bound }, sumEpsilon: "1" });
  expect(error(2 ** 30) / 2 ** 30).toBeCloseTo(Math.log(20), 3);
  // Bound 2^40 has 512 in its higher part; ln 40 times the two scales of half of ε.
  expect(error(2 ** 40) / 2 ** 40).toBeCloseTo(2 * Math.log(40) * (1 + 2 ** -10), 1);
});

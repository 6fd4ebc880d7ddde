/** Messages of a round as the relay hands them over, and how much noise has to hide. @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  aggregateSensitivitySquared,
  decodeAggregateRound,
  encodeAggregateRound,
  isSluiceError,
  type AggregateStatistic,
} from "../src/index.ts";

const codeOf = (bytes: Uint8Array): string => {
  try {
    decodeAggregateRound(bytes);
    return "none";
  } catch (error) {
    return isSluiceError(error) ? error.code : "another";
  }
};

test("messages come out as they went in, and what is cut short, longer or of another count is refused", () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(messages, fc.nat(), (all, cut) => {
      const bytes = encodeAggregateRound(all);
      expect(decodeAggregateRound(bytes)).toEqual(all);
      expect(codeOf(bytes.subarray(0, cut % bytes.length))).toBe("ERR_FRAME_MALFORMED");
      expect(codeOf(Uint8Array.of(...bytes, 0))).toBe("ERR_FRAME_MALFORMED");
    }),
  );
  const one = encodeAggregateRound([Uint8Array.of(7)]);
  expect(codeOf(Uint8Array.of(0, 2, ...one.subarray(2)))).toBe("ERR_FRAME_MALFORMED");
  expect(codeOf(Uint8Array.of(0, 1, 0))).toBe("ERR_FRAME_MALFORMED");
  expect(codeOf(encodeAggregateRound(Array.from({ length: 9 }, () => Uint8Array.of(7))))).toBe("ERR_FRAME_MALFORMED");
  expect(codeOf(Uint8Array.of(0, 1, 1, 0xff, 0xff, 0xff))).toBe("ERR_FRAME_TOO_LARGE");
});

test("what one row changes a vector by, in the square of the Euclidean norm", () => {
  const age = { name: "age", low: -20, high: 60, scale: 10 };
  const features = [{ name: "age", low: 0, high: 1, centre: 0, spread: 1 }];
  const gradient = { features, target: "y", step: 0, weights: [0, 0], clip: 2, scale: 100 };
  const cases: [AggregateStatistic, bigint][] = [
    [{ kind: "count" }, 1n],
    [{ kind: "mean", columns: [age] }, 1n + 600n ** 2n],
    [{ kind: "variance", columns: [age] }, 1n + 600n ** 2n + 360_000n ** 2n],
    [{ kind: "histogram", column: "age", edges: [1, 2, 3] }, 1n],
    // Rounding moves two elements by half a unit each: 200 + √2 / 2, up.
    [{ kind: "logistic-gradient", ...gradient }, 1n + 200n ** 2n + 201n ** 2n],
  ];
  for (const [statistic, expected] of cases) expect(aggregateSensitivitySquared(statistic)).toBe(expected);
});

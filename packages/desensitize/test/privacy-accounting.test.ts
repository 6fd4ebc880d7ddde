/** @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import { costOf, tableCost } from "../src/privacy/noise.ts";
import { divideUp, positiveDecimal, rational, squareRoot } from "../src/privacy/rational.ts";
import {
  disjointCost,
  epsilonFor,
  gaussianCost,
  gaussianVariance,
  MICRO_RHO,
  pureCost,
  simpleEpsilon,
} from "../src/privacy/zcdp.ts";

const positive = (max: bigint) => fc.bigInt({ min: 1n, max });

test("a pure ε costs ε²/2 in millionths, rounded up", () => {
  expect(pureCost(positiveDecimal("1", "epsilon"))).toBe(500_000n);
  expect(pureCost(positiveDecimal("0.1", "epsilon"))).toBe(5_000n);
  expect(pureCost(positiveDecimal("0.001", "epsilon"))).toBe(1n);
  expect(pureCost(positiveDecimal("0.000001", "epsilon"))).toBe(1n);
  fc.assert(
    fc.property(positive(10n ** 8n), positive(10n ** 6n), (a, b) => {
      const cost = pureCost(rational(a, b));
      // cost - 1 < 10⁶ a² / 2b² ≤ cost
      return cost * 2n * b * b >= a * a * MICRO_RHO && (cost - 1n) * 2n * b * b < a * a * MICRO_RHO;
    }),
  );
});

test("Gaussian noise costs Δ²/2σ² in millionths, rounded up, and the variance for a ρ costs that ρ", () => {
  expect(gaussianCost(1n, rational(100n, 1n))).toBe(5_000n);
  expect(gaussianCost(1n, rational(3n, 1n))).toBe(166_667n);
  fc.assert(
    fc.property(positive(10n ** 12n), positive(10n ** 8n), (square, micro) => {
      const variance = gaussianVariance(square, rational(micro, MICRO_RHO));
      return gaussianCost(square, variance) === micro;
    }),
  );
});

test("a table costs what its parameter says, and digits beyond a millionth never make it cheaper", () => {
  expect(costOf({ mechanism: "laplace", epsilon: "0.5" })).toBe(125_000n);
  expect(costOf({ mechanism: "gaussian", rho: "0.01" })).toBe(10_000n);
  expect(costOf({ mechanism: "gaussian", rho: "0.000001" })).toBe(1n);
});

test.each([
  "0",
  "0.0",
  "-1",
  "+1",
  "1e-3",
  "NaN",
  "Infinity",
  "",
  " 1",
  "1.",
  ".5",
  "0x1",
  "1,5",
  "0.0000001",
  "1e400",
])("a parameter %j is refused", (text) => {
  expect(() => costOf({ mechanism: "laplace", epsilon: text })).toThrow(
    expect.objectContaining({ code: "ERR_PRIVACY_PARAMETER", details: expect.objectContaining({ field: "epsilon" }) }),
  );
  expect(() => costOf({ mechanism: "gaussian", rho: text })).toThrow(
    expect.objectContaining({ code: "ERR_PRIVACY_PARAMETER" }),
  );
});

test("a parameter so large that it protects nobody is refused", () => {
  expect(() => costOf({ mechanism: "laplace", epsilon: "101" })).toThrow(/at most 100/);
});

test("one table costs at most two, by either parameter", () => {
  expect(tableCost({ mechanism: "gaussian", rho: "2" })).toBe(2_000_000n);
  expect(tableCost({ mechanism: "laplace", epsilon: "2" })).toBe(2_000_000n);
  for (const [loss, field] of [
    [{ mechanism: "gaussian", rho: "2.000001" }, "rho"],
    [{ mechanism: "laplace", epsilon: "2.000001" }, "epsilon"],
  ] as const) {
    const refusal = { code: "ERR_PRIVACY_PARAMETER", details: { field, expected: "at most 2 for one table" } };
    expect(() => tableCost(loss)).toThrow(expect.objectContaining(refusal));
  }
});

test("parts of a table that share no person cost as much as the dearest", () => {
  expect(disjointCost([3n, 9n, 5n])).toBe(9n);
  expect(disjointCost([])).toBe(0n);
});

/** The least δ of the discrete Gaussian mechanism of sensitivity 1 at ε, from its probabilities. */
function deltaOf(variance: number, epsilon: number): number {
  const reach = Math.ceil(40 * Math.sqrt(variance));
  let [total, delta] = [0, 0];
  const weight = (x: number): number => Math.exp((-x * x) / (2 * variance));
  for (let x = -reach; x <= reach; x++) total += weight(x);
  for (let x = -reach; x <= reach; x++) delta += Math.max(0, weight(x) - Math.exp(epsilon) * weight(x - 1)) / total;
  return delta;
}

test.each([1_000n, 10_000n, 125_000n, 500_000n, 2_000_000n])(
  "the ε of %s micro-rho holds for Gaussian noise of that cost, and is not above the simple bound",
  (micro) => {
    for (const delta of [1e-3, 1e-6, 1e-9]) {
      const epsilon = epsilonFor(micro, delta, 100);
      const rho = Number(micro) / 1e6;
      expect(deltaOf(1 / (2 * rho), epsilon)).toBeLessThanOrEqual(delta);
      expect(epsilon).toBeLessThanOrEqual(simpleEpsilon(rho, delta) + 1e-4);
      // Not far above what is true: the conversion loses little.
      expect(deltaOf(1 / (2 * rho), epsilon * 0.7)).toBeGreaterThan(delta);
    }
  },
);

test("the ε shown is the least over the orders of Rényi divergence, rounded up", () => {
  for (const [rho, delta] of [
    [0.1, 1e-5],
    [1, 1e-6],
    [0.01, 1e-8],
  ] as const) {
    let least = Infinity;
    for (let i = 1; i < 400_000; i++) {
      const order = 1 + i / 1_000;
      const log = Math.log(1 / delta) + (order - 1) * Math.log(order - 1) - order * Math.log(order);
      least = Math.min(least, order * rho + log / (order - 1));
    }
    const shown = epsilonFor(BigInt(Math.round(rho * 1e6)), delta, 1_000);
    expect(shown).toBeGreaterThanOrEqual(least - 1e-6);
    expect(shown).toBeLessThan(least + 2e-4);
  }
});

test.each([0, -1, Number.NaN, Infinity, 1, 0.01, 0.011])("δ = %d is refused for a table of 100 rows", (delta) => {
  expect(() => epsilonFor(1n, delta, 100)).toThrow(expect.objectContaining({ code: "ERR_PRIVACY_PARAMETER" }));
});

test("the figures in the documentation are these", () => {
  expect([5_000n, 50_000n, 500_000n].map((micro) => epsilonFor(micro, 1e-9, 1))).toEqual([0.5649, 1.8817, 6.4741]);
});

test("nothing spent is ε = 0", () => {
  expect(epsilonFor(0n, 1e-6, 100)).toBe(0);
  // The least spend there is, at a delta so large that an order's bound is below 0.
  for (const delta of [0.4, 0.9]) expect(epsilonFor(1n, delta, 1), `${delta}`).toBe(0);
});

test("square roots and quotients are exact for numbers of any size", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 60n }), (value) => {
      const root = squareRoot(value);
      return root * root <= value && (root + 1n) * (root + 1n) > value;
    }),
  );
  expect([divideUp(6n, 3n), divideUp(7n, 3n), divideUp(0n, 3n)]).toEqual([2n, 3n, 0n]);
});

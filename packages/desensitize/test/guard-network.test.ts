/** Rules for a model that stays in the domain: sizes, ranges, digits, who is behind it. @module */
import type { DomainFacts, JobManifest, SquareNetworkFit, Verdict } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { channelBits, checkOutput, isRoundedNetwork, releasedBits } from "../src/index.ts";

const FEATURES = [
  { name: "age", low: 0, high: 100 },
  { name: "north", low: 0, high: 1 },
];
const manifest: JobManifest = {
  name: "risk",
  purpose: "risk",
  input: { age: "f64" },
  outputs: {
    risk: { kind: "square-network", features: FEATURES, maxUnits: 3, link: "logistic", resolution: 0.01 },
  },
};
const facts: DomainFacts = { rowCount: 40, environment: "production" };
type Unit = SquareNetworkFit["units"][number];

const unit = (bias: number, ...weights: number[]): Unit => ({ sign: 1, bias, weights });
const served = (
  units: Unit[],
  own: Partial<DomainFacts> = {},
  { features = FEATURES, intercept = 0.5 }: { features?: typeof FEATURES; intercept?: number } = {},
): Verdict =>
  checkOutput({ class: "served", values: { risk: { kind: "square-network", features, units, intercept } } }, manifest, {
    ...facts,
    ...own,
  });
const refused = ({ findings }: Verdict): string[] =>
  findings.filter(({ result }) => result === "refused").map(({ rule }) => rule);
function valueOf(verdict: Verdict): SquareNetworkFit {
  const value = verdict.ok ? verdict.output.values["risk"] : undefined;
  if (value?.kind !== "square-network") throw new Error("not served");
  return value;
}

test("network-digits: what stays are whole steps of one power of two, of which the largest weight has 256 at most", () => {
  const numbers = fc.double({ min: -900, max: 900, noNaN: true });
  const units = fc.array(
    fc.record({ sign: fc.constantFrom(1 as const, -1 as const), bias: numbers, weights: fc.tuple(numbers, numbers) }),
    {
      minLength: 1,
      maxLength: 3,
    },
  );
  fc.assert(
    fc.property(units, numbers, (units, intercept) => {
      const largest = Math.max(...units.flatMap(({ weights }) => weights.map(Math.abs)));
      fc.pre(largest > 1 && units.every(({ weights }) => weights.some((weight) => Math.abs(weight) > largest / 100)));
      const value = valueOf(served(units, {}, { intercept }));
      const step = 2 ** (Math.ceil(Math.log2(largest)) - 8);
      expect(value.units).toHaveLength(units.length);
      for (const [j, own] of value.units.entries()) {
        const before = [units[j]?.bias ?? 0, ...(units[j]?.weights ?? [])];
        for (const [i, number] of [own.bias, ...own.weights].entries()) {
          expect(Number.isInteger(number / step)).toBe(true);
          expect(Math.abs(number - (before[i] ?? 0))).toBeLessThanOrEqual(step / 2);
        }
        for (const weight of own.weights) expect(Math.abs(weight / step)).toBeLessThanOrEqual(256);
      }
      expect(isRoundedNetwork(value)).toBe(true);
      const finer = value.units.map((own) => ({ ...own, bias: own.bias + step / 8 }));
      expect(isRoundedNetwork({ ...value, units: finer })).toBe(false);
    }),
  );
});

test("a unit that has no weight after rounding is part of the intercept", () => {
  const { units, intercept } = valueOf(served([unit(0, 1, 0), unit(0.5, 1e-9, 0), { ...unit(2, 0, 0), sign: -1 }]));
  expect(units).toEqual([unit(0, 1, 0)]);
  expect(intercept).toBe(0.5 + 0.25 - 4);
});

test("network-units: refuses more units, fewer weights and other features than declared", () => {
  const many = Array.from({ length: 4 }, () => unit(0, 1, 1));
  expect(refused(served(many))).toContain("network-units");
  expect(refused(served([unit(0, 1)]))).toContain("network-units");
  const other = FEATURES.map((feature) => ({ ...feature, low: -1 }));
  expect(refused(served([unit(0, 1, 1)], {}, { features: other }))).toContain("network-units");
});

test("network-finite: refuses NaN and infinity", () => {
  for (const number of [Number.NaN, Infinity]) {
    expect(refused(served([unit(number, 1, 1)]))).toContain("network-finite");
    expect(refused(served([unit(0, number, 1)]))).toContain("network-finite");
    expect(refused(served([unit(0, 1, 1)], {}, { intercept: number }))).toContain("network-finite");
  }
});

test("network-range: refuses no weight at all, and numbers far from the weights", () => {
  for (const units of [[unit(1, 0, 0)], [unit(0, 2e6, 0)], [unit(0, 1e-7, 0)], [unit(5_000, 1, 0)]]) {
    expect(refused(served(units))).toEqual(["network-range"]);
  }
  expect(refused(served([unit(4_000, 1, 0)]))).toEqual([]);
  expect(refused(served([unit(0, 1, 0)], {}, { intercept: -5_000 }))).toEqual(["network-range"]);
});

test("network-ratio: counts what scores determine, by persons", () => {
  // Two units have 7 numbers; scores determine 6, which takes 19 persons.
  const two = [unit(0, 1, 1), unit(1, 1, 0)];
  const ofPersons = (persons: number) =>
    refused(served(two, { subjects: Uint32Array.from({ length: 40 }, (_, row) => row % persons) }));
  expect(ofPersons(18)).toEqual(["network-ratio"]);
  expect(ofPersons(19)).toEqual([]);
});

test("network-differencing: refuses rows that one to nine persons tell from those of an earlier model of this kind", () => {
  const tags = Uint32Array.from({ length: 80 }, (_, i) => Math.imul(i + 1, 0x9e3779b1));
  const table = (changed: number) => ({
    rowCount: 40,
    columns: {
      age: { type: "f64" as const, values: Float64Array.from({ length: 40 }, (_, row) => (row < changed ? -1 : row)) },
    },
  });
  const of = (changed: number, shown: Uint32Array) =>
    served([unit(0, 1, 1)], { tags, shown, table: table(changed) as unknown as NonNullable<DomainFacts["table"]> });
  const first = of(0, new Uint32Array(0));
  const shown = first.ok ? first.shown : undefined;
  if (shown === undefined) throw new Error("nothing shown");
  expect(refused(of(0, shown))).toEqual([]);
  expect(refused(of(1, shown))).toEqual(["network-differencing"]);
  expect(refused(of(9, shown))).toEqual(["network-differencing"]);
  expect(refused(of(40, shown))).toEqual([]);
});

test("its numbers are on the ledger of what leaves, as callers can have all of them", () => {
  const [channel] = channelBits(manifest);
  // Three units of two weights in 9 bits, a bias in 21 and a sign; the intercept and the step.
  expect(channel).toMatchObject({ output: "risk", per: "output" });
  expect(Math.abs((channel?.bits ?? 0) - (3 * (1 + 2 * 9 + 21) + 21 + 6))).toBeLessThan(0.3);
  expect(releasedBits(manifest, "served")).toBe(148);
  expect(releasedBits(manifest, "released")).toBe(0);
});

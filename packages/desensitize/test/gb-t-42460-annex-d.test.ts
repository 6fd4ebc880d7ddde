import type { ReleaseContext } from "@sluice/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { classRisk, contextRisk, levelOf, overallRisk, RISK_LIMIT } from "../src/index.ts";

const STATED: ReleaseContext = { control: "mid", motive: "low", prevalence: 0.01, acquaintances: 10 };

describe("class risk", () => {
  test("is that of a sum by hand: DRc is over classes, not over persons", () => {
    const { overThreshold, highest, mean } = classRisk([4, 5, 20, 100], "controlled");
    expect(overThreshold).toBe(1 / 4);
    expect(highest).toBe(1 / 4);
    expect(mean).toBeCloseTo((0.25 + 0.2 + 0.05 + 0.01) / 4, 12);
  });

  test.each([
    ["public", 20],
    ["controlled", 5],
    ["enclave", 3],
  ] as const)("%s: a class of %i is not above the threshold, one person fewer is", (sharing, least) => {
    expect(classRisk([least], sharing).overThreshold).toBe(0);
    expect(classRisk([least - 1, least], sharing).overThreshold).toBe(0.5);
  });

  test("nobody is at no risk", () => {
    expect(classRisk([], "public")).toEqual({ overThreshold: 0, highest: 0, mean: 0 });
  });
});

describe("context risk", () => {
  test("is the largest of three", () => {
    const risk = contextRisk("controlled", STATED, 1);
    expect(risk).toMatchObject({ deliberate: 0.2, breach: 0.27, value: 0.27 });
    expect(risk.acquaintance).toBeCloseTo(1 - 0.99 ** 10, 12);
    expect(contextRisk("controlled", { ...STATED, motive: "high" }, 1).value).toBe(0.4);
    expect(contextRisk("enclave", { ...STATED, prevalence: 0.5, acquaintances: 2 }, 1).value).toBe(0.75);
    expect(contextRisk("controlled", { ...STATED, control: "low", motive: "high" }, 1).value).toBe(0.6);
    expect(contextRisk("controlled", { ...STATED, control: "high", acquaintances: 0 }, 1).value).toBe(0.14);
  });

  test("is 1 for what anybody may have", () => {
    expect(contextRisk("public", { ...STATED, control: "high", acquaintances: 0 }, 0.01).value).toBe(1);
  });

  test("what is not stated is assumed to the strict side: the sampled share, and 150 acquaintances", () => {
    const risk = contextRisk("controlled", undefined, 0.25);
    expect(risk).toMatchObject({ control: "high", motive: "mid", prevalence: 0.25, acquaintances: 150 });
    expect(risk.value).toBeCloseTo(1, 12);
    const small = contextRisk("controlled", undefined, 0.000_1);
    expect(small.acquaintance).toBeCloseTo(1 - 0.999_9 ** 150, 12);
    expect(small.value).toBe(0.14);
  });

  test("the trap of the model: nine of ten in it and ten acquaintances leave no discount", () => {
    expect(contextRisk("controlled", { ...STATED, prevalence: 0.9 }, 1).value).toBeCloseTo(1, 9);
  });
});

describe("overall risk and level", () => {
  test("is 1 when one class is above the threshold", () => {
    expect(overallRisk("controlled", classRisk([4, 1_000, 1_000], "controlled"), { value: 0.14 })).toBe(1);
  });

  test("takes the highest class for what is public and the mean for the rest", () => {
    expect(overallRisk("public", classRisk([21, 100], "public"), { value: 1 })).toBeCloseTo(1 / 21, 12);
    expect(overallRisk("controlled", classRisk([10, 30], "controlled"), { value: 0.5 })).toBeCloseTo(1 / 30, 12);
  });

  test("a public class of 20 passes the threshold and not the limit: 21 is the least", () => {
    const level = (least: number): number =>
      levelOf(overallRisk("public", classRisk([least], "public"), contextRisk("public", undefined, 1)), 0);
    expect([level(19), level(20), level(21)]).toEqual([2, 2, 3]);
  });

  test("level 3 is below the limit, level 1 holds a direct identifier, and rows are never level 4", () => {
    expect(levelOf(RISK_LIMIT, 0)).toBe(2);
    expect(levelOf(RISK_LIMIT - 1e-12, 0)).toBe(3);
    expect(levelOf(0, 1)).toBe(1);
    expect(levelOf(0, 0)).toBe(3);
  });

  test("k = 21 is of level 3 in every mode and context; whatever the context, more persons in a class are no more risk", () => {
    const sizes = fc.array(fc.integer({ min: 21, max: 500 }), { minLength: 1, maxLength: 50 });
    const degree = fc.constantFrom("high", "mid", "low");
    const context = fc.record({
      control: degree,
      motive: degree,
      prevalence: fc.double({ min: 0, max: 1, noNaN: true }),
      acquaintances: fc.integer({ min: 0, max: 1_000 }),
    });
    fc.assert(
      fc.property(sizes, context, fc.constantFrom("public", "controlled", "enclave"), (persons, stated, sharing) => {
        const cr = contextRisk(sharing, stated, 1);
        const r = overallRisk(sharing, classRisk(persons, sharing), cr);
        const grown = overallRisk(
          sharing,
          classRisk(
            persons.map((n) => n + 1),
            sharing,
          ),
          cr,
        );
        expect(levelOf(r, 0)).toBe(3);
        expect(grown).toBeLessThan(r + 1e-15);
      }),
    );
  });
});

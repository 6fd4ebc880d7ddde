/** Figures say what was computed: their value, their inputs and every rounding with the rule that asks for it.
 *  @module */
import { expect, test } from "vitest";
import {
  assumptionsUnder,
  derivedFigure,
  exact,
  exactText,
  givenFigure,
  quotientFigure,
  roundedFigure,
  roundingsUnder,
  ruledFigure,
  sumFigure,
} from "../src/index.ts";

const label = { zh: "成本", en: "cost" };
const rule = { id: "G2", set: "futian-2025", source: "003 六(二)1" };
const silent = { zh: "原文未规定", en: "not ruled" };
const posting = {
  value: { places: 2, mode: "half-up" },
  reference: { id: "G2", set: "futian-2025", source: "003 六(二)", assumed: silent },
} as const;

test("a figure carries its rounding, the value before it, and that the rule for it is assumed", () => {
  const a = givenFigure({ id: "a", label, unit: "yuan" }, exact("10.00"), "lines/0", "invoice-1");
  const b = givenFigure({ id: "b", label, unit: "yuan" }, exact("0.05"), "lines/1");
  const sum = sumFigure({ id: "sum", label, unit: "yuan", rule, inputs: [a, b] });
  const third = quotientFigure(
    { id: "third", label, unit: "yuan", rule, formula: "sum ÷ 3", inputs: [sum] },
    { dividend: sum.value, divisor: exact("3"), where: "third" },
    posting,
  );
  const tax = ruledFigure({ id: "vat", label, unit: "percent" }, exact("6"), rule);
  const taxed = roundedFigure(
    { id: "taxed", label, unit: "yuan", rule, formula: "third × 6 %", inputs: [third, tax] },
    third.value.times("0.06"),
    posting,
  );
  const double = derivedFigure({ id: "x", label, unit: "yuan", rule, formula: "2t", inputs: [taxed] }, exact("0.4"));
  expect(exactText(sum.value)).toBe("10.05");
  expect(exactText(third.value)).toBe("3.35");
  expect(exactText(taxed.value)).toBe("0.2");
  expect(a).toMatchObject({ line: "lines/0", evidence: "invoice-1" });
  expect("evidence" in b).toBe(false);
  expect(roundingsUnder(double).map(({ figure, rounding }) => [figure.id, rounding.exact, rounding.places])).toEqual([
    ["taxed", "0.201", 2],
    ["third", "10.05 ÷ 3", 2],
  ]);
  expect(assumptionsUnder(double)).toEqual([posting.reference]);
});

/** Explanations: every figure, rule, rounding and assumption under a value is in the rows, each explained once.
 *  @module */
import { expect, test } from "vitest";
import {
  derivedFigure,
  exact,
  explain,
  explanationText,
  figuresUnder,
  givenFigure,
  quotientFigure,
  ruledFigure,
  RULE_SETS,
  rulesFor,
  valueText,
  type Figure,
} from "../src/index.ts";

const rules = rulesFor({ sets: RULE_SETS, jurisdiction: "futian", on: "2026-11-29" });

/** A cost by a quotient that has no end, used twice. */
function example(): Figure {
  const cost = givenFigure(
    { id: "cost", label: { zh: "成本", en: "cost" }, unit: "yuan" },
    exact("1000000"),
    "costs/0",
    "contract-7",
  );
  const use = givenFigure({ id: "use", label: { zh: "用量", en: "use" }, unit: "use" }, exact("3000"), "products/0");
  const vat = rules.of("vatPercent");
  const unit = quotientFigure(
    {
      id: "unit-cost",
      label: { zh: "单位成本", en: "unit cost" },
      unit: "unit-price",
      rule: rules.of("normalisation").reference,
      formula: "C ÷ q",
      inputs: [cost, use],
    },
    { dividend: cost.value, divisor: use.value, where: "products/0" },
    rules.of("deviationRounding"),
  );
  const tax = ruledFigure(
    { id: "vat", label: { zh: "增值税率", en: "VAT rate" }, unit: "percent" },
    exact(vat.value),
    vat.reference,
  );
  return derivedFigure(
    {
      id: "price",
      label: { zh: "价格", en: "price" },
      unit: "unit-price",
      rule: vat.reference,
      formula: "c + c·t",
      inputs: [unit, tax, unit],
    },
    unit.value.times("1.06"),
  );
}

test("each figure is explained once, and named by its number afterwards", () => {
  const price = example();
  const { rows, isCut } = explain([price]);
  expect(rows.map(({ number, explainedAt }) => [number, explainedAt])).toEqual([
    ["1", undefined],
    ["1.1", undefined],
    ["1.1.1", undefined],
    ["1.1.2", undefined],
    ["1.2", undefined],
    ["1.3", "1.1"],
  ]);
  expect(isCut).toBe(false);
  expect(new Set(rows.map(({ figure }) => figure))).toEqual(new Set(figuresUnder(price)));
});

test("text names value, formula, rule, rounding, assumption, line and evidence, in Chinese or English", () => {
  expect(explanationText(explain([example()])).split("\n")).toEqual([
    "1 价格 = 353.33333298 元/单位",
    "    公式: c + c·t",
    "    依据: G4 · 003 六(二)1 · futian-2025",
    "  1.1 单位成本 = 333.333333 元/单位",
    "      公式: C ÷ q",
    expect.stringMatching(/^ {6}依据: G7 · 003 六\(四\) · futian-2025 · 【推定】V=ΣK·v/),
    "      取舍: 1000000 ÷ 3000 → 6 位小数，四舍五入",
    "    1.1.1 成本 = 1,000,000.00 元",
    "        来源: costs/0",
    "        凭证: contract-7",
    "    1.1.2 用量 = 3,000 单位",
    "        来源: products/0",
    "  1.2 增值税率 = 6 %",
    "      依据: G4 · 003 六(二)1 · futian-2025",
    "  1.3 单位成本 = 333.333333 元/单位  (见 1.1)",
  ]);
  const english = explanationText(explain([example()]), "en");
  expect(english).toContain("1.1 unit cost = 333.333333 yuan per unit");
  expect(english).toContain("rounded: 1000000 ÷ 3000 → 6 places, half up");
  expect(english).toContain("[assumed] V = ΣK·v");
});

test("what is longer than the limit is cut, and says so", () => {
  const cut = explain([example()], 3);
  expect(cut.rows).toHaveLength(3);
  expect(explanationText(cut).endsWith("… 其余从略")).toBe(true);
});

test("values keep all their digits", () => {
  const text = (value: string, unit: Figure["unit"]): string => valueText({ value: exact(value), unit });
  expect(text("1234567.5", "yuan")).toBe("1,234,567.50");
  expect(text("-1234.56789", "yuan")).toBe("-1,234.56789");
  expect(text("999", "yuan")).toBe("999.00");
  expect(text("0.001", "unit-price")).toBe("0.001");
  expect(text("1000000", "use")).toBe("1,000,000");
  expect(text("6.70", "percent")).toBe("6.7");
});

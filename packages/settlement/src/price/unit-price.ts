/** Prices of one unit before the permitted income is looked at: the base price by cost, rate and tax (G19), the own ceiling by λ (G20), and
 *  the higher of it and the third party's (G21).
 *  @module */
import { exact, fraction, ONE } from "../exact.ts";
import type { Figure, FigureUnit } from "../figure.ts";
import { derivedFigure, givenFigure, roundedFigure } from "../make-figure.ts";
import type { Rules } from "../rules/resolve.ts";
import type { Assessment } from "./price-input.ts";
import type { TaxRates } from "./tax-rates.ts";

const UNIT: FigureUnit = "unit-price";

/** The base price (基础收费标准) P = C·(1+R)+T of a unit that costs `unitCost`. */
export function basePriceOf(unitCost: Figure, rate: Figure, tax: TaxRates, rules: Rules): Figure {
  const { reference: rule } = rules.of("basePrice");
  const beforeTax = derivedFigure(
    {
      id: "before-tax",
      label: { zh: "不含税单价C·(1+R)", en: "C·(1+R)" },
      unit: UNIT,
      rule,
      formula: "C × (1 + R)",
      inputs: [unitCost, rate],
    },
    unitCost.value.times(ONE.plus(fraction(rate.value))),
  );
  const taxed = derivedFigure(
    {
      id: "tax",
      label: { zh: "单位税金T", en: "tax T" },
      unit: UNIT,
      rule: rules.of("vatPercent").reference,
      formula: "C·(1+R) × t × (1 + a)",
      inputs: [beforeTax, tax.vat, tax.surcharges],
    },
    beforeTax.value.times(fraction(tax.vat.value)).times(ONE.plus(fraction(tax.surcharges.value))),
  );
  const label = { zh: "基础收费标准P", en: "base price P" };
  return roundedFigure(
    { id: "base", label, unit: UNIT, rule, formula: "C·(1+R) + T", inputs: [beforeTax, taxed] },
    beforeTax.value.plus(taxed.value),
    rules.of("unitPriceRounding"),
  );
}

/** Ceilings as assessed: the operator's own, the third party's where there is one, and the one that holds. */
export interface AssessedCeiling {
  readonly self: Figure;
  readonly thirdParty?: Figure;
  readonly assessed: Figure;
}

/** What the assessments of a product say whose base price is `base`. */
export function assessedCeilingOf(
  base: Figure,
  lambda: Figure,
  { product, thirdParty }: Assessment,
  rules: Rules,
): AssessedCeiling {
  const self = roundedFigure(
    {
      id: "self-assessed",
      label: { zh: "自评上限", en: "own ceiling" },
      unit: UNIT,
      rule: rules.of("sensitivity").reference,
      formula: "P × λ",
      inputs: [base, lambda],
    },
    base.value.times(lambda.value),
    rules.of("ceilingRounding"),
  );
  const label = { zh: "评估上限（就高）", en: "ceiling as assessed" };
  const head = { id: "assessed", label, unit: UNIT, rule: rules.of("assessment").reference };
  if (thirdParty === undefined) {
    return { self, assessed: derivedFigure({ ...head, formula: "P·λ", inputs: [self] }, self.value) };
  }
  const { by, on } = thirdParty;
  const other = givenFigure(
    {
      id: "third-party",
      label: { zh: `第三方评估上限：${by}（${on}）`, en: `ceiling of ${by}, ${on}` },
      unit: UNIT,
    },
    exact(thirdParty.ceiling),
    `assessments/${product}/thirdParty`,
    thirdParty.evidence,
  );
  const higher = other.value.isGreaterThan(self.value) ? other : self;
  const assessed = derivedFigure({ ...head, formula: "max", inputs: [self, other] }, higher.value);
  return { self, thirdParty: other, assessed };
}

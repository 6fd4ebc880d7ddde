/** The highest permitted income R_max (最高准许收入): accepted cost, profit on it, and tax, each to the fen; less what the last period earned
 *  above its own (G2, G4, G24).
 *  @module */
import { exact, fraction, ZERO } from "../exact.ts";
import type { Figure, FigureUnit, Label, RuleReference } from "../figure.ts";
import { derivedFigure, givenFigure, roundedFigure, sumFigure } from "../make-figure.ts";
import type { Rules } from "../rules/resolve.ts";
import type { PriceInput } from "./price-input.ts";
import type { TaxRates } from "./tax-rates.ts";

/** R_max and what it is made of. */
export interface PermittedIncome {
  readonly cost: Figure;
  readonly profit: Figure;
  readonly vat: Figure;
  readonly surcharges: Figure;
  /** C·(1+R)+T of the year alone. */
  readonly gross: Figure;
  /** Of the last period's excess: what this year takes off, and what it could not. Absent when there was none. */
  readonly carryOver?: { readonly deducted: Figure; readonly left: Figure };
  readonly rMax: Figure;
}

const UNIT: FigureUnit = "yuan";

/** R_max for the accepted cost `cost`. */
export function permittedIncomeOf(
  cost: Figure,
  {
    rate,
    tax,
    carryOver,
  }: { readonly rate: Figure; readonly tax: TaxRates; readonly carryOver: PriceInput["carryOver"] },
  rules: Rules,
): PermittedIncome {
  const { reference: rule } = rules.of("permittedIncome");
  const part = (id: string, label: Label, of: Figure, percent: Figure, by: RuleReference, formula: string) =>
    roundedFigure(
      { id, label, unit: UNIT, rule: by, formula, inputs: [of, percent] },
      of.value.times(fraction(percent.value)),
      rules.of("postingRounding"),
    );
  const taxed = rules.of("vatPercent").reference;
  const profit = part("profit", { zh: "准许利润", en: "permitted profit" }, cost, rate, rule, "C × R");
  const beforeTax = sumFigure({
    id: "before-tax",
    label: { zh: "不含税准许收入C·(1+R)", en: "C·(1+R)" },
    unit: UNIT,
    rule,
    inputs: [cost, profit],
  });
  const vat = part("vat", { zh: "增值税T₁", en: "value-added tax T₁" }, beforeTax, tax.vat, taxed, "C·(1+R) × t");
  const surcharges = part(
    "surcharges",
    { zh: "附加税费T₂", en: "surcharges T₂" },
    vat,
    tax.surcharges,
    taxed,
    "T₁ × a",
  );
  const gross = derivedFigure(
    {
      id: "r-gross",
      label: { zh: "本年度准许收入R₀", en: "permitted income of the year R₀" },
      unit: UNIT,
      rule,
      formula: "C·(1+R) + T₁ + T₂",
      inputs: [beforeTax, vat, surcharges],
    },
    beforeTax.value.plus(vat.value).plus(surcharges.value),
  );
  const parts = { cost, profit, vat, surcharges, gross };
  const head = {
    id: "r-max",
    label: { zh: "最高准许收入Rmax", en: "highest permitted income R_max" },
    unit: UNIT,
    rule,
  };
  if (carryOver === undefined) {
    return { ...parts, rMax: derivedFigure({ ...head, formula: "R₀", inputs: [gross] }, gross.value) };
  }
  const carry = carriedOver(gross, carryOver, rules);
  const making = { ...head, formula: "R₀ − E", inputs: [gross, carry.deducted] };
  return { ...parts, carryOver: carry, rMax: derivedFigure(making, gross.value.minus(carry.deducted.value)) };
}

/** The excess taken off, at most the whole income, and what is left of it. */
function carriedOver(gross: Figure, { amount, evidence }: NonNullable<PriceInput["carryOver"]>, rules: Rules) {
  const excess = givenFigure(
    { id: "excess", label: { zh: "上一周期超额收益X", en: "excess of the last period X" }, unit: UNIT },
    exact(amount),
    "carryOver",
    evidence,
  );
  const above = excess.value.isGreaterThan(gross.value);
  const head = { unit: UNIT, rule: rules.of("excessIncome").reference, inputs: [excess, gross] };
  return {
    deducted: derivedFigure(
      { ...head, id: "deducted", label: { zh: "本年度扣减E", en: "taken off this year E" }, formula: "min(X, R₀)" },
      above ? gross.value : excess.value,
    ),
    left: derivedFigure(
      { ...head, id: "left", label: { zh: "尚未扣减", en: "not yet taken off" }, formula: "X − min(X, R₀)" },
      above ? excess.value.minus(gross.value) : ZERO,
    ),
  };
}

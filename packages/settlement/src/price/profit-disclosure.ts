/** What is disclosed of costs and profit: before the year, the rate and the margin that is expected of each product (G32); after it, what costs
 *  were made of and the rate that was achieved (G27).
 *  @module */
import { apportion } from "../apportion.ts";
import type { CostReport } from "../cost/cost-report.ts";
import { exact, fraction, ONE, type Exact } from "../exact.ts";
import type { Figure, Label } from "../figure.ts";
import { readInput } from "../input.ts";
import { derivedFigure, givenFigure, quotientFigure, sumFigure } from "../make-figure.ts";
import { yuanOf } from "../money.ts";
import type { Pricing } from "./price-products.ts";
import { ActualIncome } from "./yearly-review.ts";

/** What is expected of one product at its ceiling. */
export interface ExpectedMargin {
  readonly product: string;
  readonly income: Figure;
  readonly beforeTax: Figure;
  readonly cost: Figure;
  /** Income without tax, less cost; below zero for a product that others carry. */
  readonly margin: Figure;
}

/** The plan of profit (预期利润率计划), before the year. */
export interface ProfitPlan {
  readonly year: string;
  readonly sets: readonly string[];
  readonly rate: Figure;
  readonly products: readonly ExpectedMargin[];
  readonly cost: Figure;
  readonly margin: Figure;
  /** Margin over cost in per cent; absent when nothing costs anything. */
  readonly expectedRate?: Figure;
}

/** The plan that `pricing` leads to. */
export function profitPlan(pricing: Pricing): ProfitPlan {
  const { rules, costs, rate, year } = pricing;
  const rule = { ...rules.of("permittedIncome").reference, id: "G32" };
  const products = [...pricing.products].map(([product, { ceiling, cost }]): ExpectedMargin => {
    const income = derivedFigure(
      {
        id: "income",
        label: { zh: "预计收入R", en: "expected income R" },
        unit: "yuan",
        rule,
        formula: "p × q",
        inputs: [ceiling, cost.use],
      },
      ceiling.value.times(cost.use.value),
    );
    const beforeTax = withoutTax(income, pricing);
    return {
      product,
      income,
      beforeTax,
      cost: cost.total,
      margin: difference(beforeTax, cost.total, `margin:${product}`, pricing),
    };
  });
  const label = { zh: "预计利润合计M", en: "expected margin M" };
  const margin = sumFigure({ id: "margin", label, unit: "yuan", rule, inputs: products.map(({ margin: one }) => one) });
  const plan = { year, sets: rules.sets, rate, products, cost: costs.total, margin };
  const expectedRate = rateOver(margin, costs.total, { zh: "预期利润率", en: "expected profit rate" }, pricing);
  return expectedRate === undefined ? plan : { ...plan, expectedRate };
}

/** Costs and profit rate of a year that is over, as they are made public (成本构成及利润率执行情况). */
export interface CostPublicity {
  readonly year: string;
  readonly sets: readonly string[];
  /** Sums by class and their part of the whole in per cent, which sum to 100.00; absent when nothing counts. */
  readonly classes: readonly { readonly label: Label; readonly counted: Figure; readonly percent?: Exact }[];
  readonly cost: Figure;
  readonly permittedRate: Figure;
  readonly income: Figure;
  readonly profit: Figure;
  /** Profit over cost in per cent; absent when nothing counts. */
  readonly achievedRate?: Figure;
}

/** The page for the year of `report`, by the rates of `pricing` and the income that was had.
 *  @throws ERR_SETTLEMENT_INPUT for income of another shape. */
export function costPublicity(report: CostReport, pricing: Pricing, income: unknown): CostPublicity {
  const { amount, evidence } = readInput(ActualIncome, income, "actualIncome");
  const label = { zh: "年度实际收入R", en: "actual income of the year R" };
  const actual = givenFigure({ id: "r-actual", label, unit: "yuan" }, exact(amount), "actualIncome", evidence);
  const profit = difference(withoutTax(actual, pricing), report.total, "profit", pricing);
  const weights = new Map(report.classes.map((one) => [one.class as string, one.counted.value]));
  const percents = report.total.value.isZero() ? new Map<string, bigint>() : apportion(10_000n, weights, "costs");
  const page = {
    year: report.year,
    sets: report.sets,
    classes: report.classes.map(({ class: name, label: of, counted }) => {
      const percent = percents.get(name);
      return percent === undefined ? { label: of, counted } : { label: of, counted, percent: yuanOf(percent) };
    }),
    cost: report.total,
    permittedRate: pricing.rate,
    income: actual,
    profit,
  };
  const achievedRate = rateOver(profit, report.total, { zh: "实际利润率", en: "achieved profit rate" }, pricing);
  return achievedRate === undefined ? page : { ...page, achievedRate };
}

/** Income without the tax in it, to the fen. */
function withoutTax(income: Figure, { rules, tax }: Pricing): Figure {
  const { reference: rule } = rules.of("vatPercent");
  return quotientFigure(
    {
      id: "before-tax",
      label: { zh: "不含税收入R₁", en: "income without tax R₁" },
      unit: "yuan",
      rule,
      formula: "R ÷ (1 + t × (1 + a))",
      inputs: [income, tax.vat, tax.surcharges],
    },
    {
      dividend: income.value,
      divisor: ONE.plus(fraction(tax.vat.value).times(ONE.plus(fraction(tax.surcharges.value)))),
      where: "tax",
    },
    rules.of("postingRounding"),
  );
}

function difference(income: Figure, cost: Figure, id: string, { rules }: Pricing): Figure {
  const rule = { ...rules.of("permittedIncome").reference, id: "G32" };
  const label = { zh: "利润M", en: "margin M" };
  const making = { id, label, unit: "yuan", rule, formula: "R₁ − C", inputs: [income, cost] } as const;
  return derivedFigure(making, income.value.minus(cost.value));
}

function rateOver(margin: Figure, cost: Figure, label: Label, { rules }: Pricing): Figure | undefined {
  if (cost.value.isZero()) return undefined;
  const rule = { ...rules.of("permittedIncome").reference, id: "G32" };
  return quotientFigure(
    { id: "rate", label, unit: "percent", rule, formula: "M ÷ C", inputs: [margin, cost] },
    { dividend: margin.value.shiftedBy(2), divisor: cost.value, where: "cost" },
    rules.of("deviationRounding"),
  );
}

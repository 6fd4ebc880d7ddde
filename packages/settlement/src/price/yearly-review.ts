/** The yearly review (年度评估): when actual income is off the permitted by ten per cent or more, in either direction, ceilings are adjusted
 *  to p·(1−d) and brought under the permitted income again (G23, G26). The document's formula is lost; this one is assumed.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { z } from "zod";
import { exact } from "../exact.ts";
import type { Figure } from "../figure.ts";
import { EvidenceId, readInput, YuanText } from "../input.ts";
import { givenFigure, quotientFigure } from "../make-figure.ts";
import type { Rules } from "../rules/resolve.ts";
import { cappedPrices, type CappedPrices } from "./common-factor.ts";
import type { Filing } from "./filing.ts";
import type { Pricing } from "./price-products.ts";

/** Income of a year as the accounts have it. */
export const ActualIncome = z.strictObject({ amount: YuanText, evidence: EvidenceId });
export type ActualIncome = z.infer<typeof ActualIncome>;

/** What a year's income means for the ceilings. */
export interface YearlyReview {
  readonly actual: Figure;
  readonly rMax: Figure;
  /** d = (actual − R_max) ÷ R_max in per cent, as shown; whether it is due is decided by the exact values. */
  readonly deviation: Figure;
  /** Present when the adjustment is due: the new ceilings. */
  readonly adjusted?: CappedPrices;
}

/** Reviews the year of `pricing`, whose ceilings are those of `filing`. `next` has the coming year's estimates and permitted income, by which
 *  new ceilings are held.
 *  @throws ERR_SETTLEMENT_INPUT; ERR_SETTLEMENT_PERIOD when the filing is of another year; ERR_SETTLEMENT_REFUSED when nothing was permitted (G23), or when actual income is twice the permitted or
 *  more, where the assumed formula gives no price (G26). */
export function reviewYear(
  pricing: Pricing,
  filing: Pick<Filing, "id" | "year" | "products">,
  income: unknown,
  next: Pricing = pricing,
): YearlyReview {
  const { rules } = pricing;
  if (filing.year !== pricing.year) {
    throw new SluiceError("ERR_SETTLEMENT_PERIOD", { line: `filings/${filing.id}`, period: pricing.year });
  }
  const { amount, evidence } = readInput(ActualIncome, income, "actualIncome");
  const { value, reference } = rules.of("adjustment");
  const { rMax } = pricing.permitted;
  if (rMax.value.isZero()) {
    const reason = "nothing was permitted, so no deviation can be reckoned";
    throw new SluiceError("ERR_SETTLEMENT_REFUSED", { line: "actualIncome", rule: "G23", reason });
  }
  const label = { zh: "年度实际收入R", en: "actual income of the year R" };
  const actual = givenFigure({ id: "r-actual", label, unit: "yuan" }, exact(amount), "actualIncome", evidence);
  const off = actual.value.minus(rMax.value);
  const deviation = quotientFigure(
    {
      id: "deviation",
      label: { zh: "偏离度d（%）", en: "deviation d in per cent" },
      unit: "percent",
      rule: { ...reference, id: "G23" },
      formula: "(R − R_max) ÷ R_max",
      inputs: [actual, rMax],
    },
    { dividend: off.shiftedBy(2), divisor: rMax.value, where: "R_max" },
    rules.of("deviationRounding"),
  );
  const review = { actual, rMax, deviation };
  if (off.abs().shiftedBy(2).isLessThan(rMax.value.times(value.fromPercent))) return review;
  if (off.isGreaterThanOrEqualTo(rMax.value)) {
    const reason = "actual income is twice the permitted or more, where the formula gives no price";
    throw new SluiceError("ERR_SETTLEMENT_REFUSED", { line: "actualIncome", rule: reference.id, reason });
  }
  const filed = new Map(filing.products.map((one) => [one.product, one.filed]));
  const prices = [...next.products].map(([product, { assessed, cost }]) => {
    const old = filed.get(product);
    const price = old === undefined ? assessed : adjustedPrice(old, actual, rMax, rules);
    return { product, price, use: cost.use };
  });
  return { ...review, adjusted: cappedPrices(prices, next.permitted.rMax, rules) };
}

/** p·(1−d), which is p·(2·R_max − actual) ÷ R_max. */
function adjustedPrice(price: Figure, actual: Figure, rMax: Figure, rules: Rules): Figure {
  const { label, unit } = price;
  const { reference: rule } = rules.of("adjustment");
  return quotientFigure(
    { id: "adjusted", label, unit, rule, formula: "p × (2·R_max − R) ÷ R_max", inputs: [price, actual, rMax] },
    {
      dividend: price.value.times(rMax.value.times(2).minus(actual.value)),
      divisor: rMax.value,
      where: "R_max",
    },
    rules.of("ceilingRounding"),
  );
}

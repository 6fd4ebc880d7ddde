/** The permitted profit rate R (准许利润率): the yield of 10-year treasury bonds of the year before the filing and a spread, in percentage
 *  points, or a rate that was approved (G3).
 *  @module */
import { exact } from "../exact.ts";
import type { Figure } from "../figure.ts";
import { derivedFigure, givenFigure } from "../make-figure.ts";
import type { Rules } from "../rules/resolve.ts";
import type { ProfitBasis } from "./price-input.ts";

/** R in per cent. */
export function profitRateOf(profit: ProfitBasis, rules: Rules): Figure {
  const label = { zh: "准许利润率R", en: "permitted profit rate R" };
  const head = { id: "r-allow", label, unit: "percent", rule: rules.of("profitRate").reference } as const;
  if (profit.method === "approved") {
    const approved = givenFigure(
      { id: "approved", label: { zh: "核定利润率", en: "approved rate" }, unit: "percent" },
      exact(profit.percent),
      "profit/percent",
      profit.approval,
    );
    return derivedFigure({ ...head, formula: "R", inputs: [approved] }, approved.value);
  }
  const yielded = givenFigure(
    {
      id: "yield",
      label: { zh: `10年期国债收益率y（${profit.yieldOn}）`, en: `yield y of 10-year bonds on ${profit.yieldOn}` },
      unit: "percent",
    },
    exact(profit.yieldPercent),
    "profit/yieldPercent",
    profit.yieldSource,
  );
  const spread = givenFigure(
    { id: "spread", label: { zh: "加点s", en: "spread s" }, unit: "percent" },
    exact(profit.spreadPercent),
    "profit/spreadPercent",
  );
  const inputs = [yielded, spread];
  return derivedFigure({ ...head, formula: "y + s", inputs }, yielded.value.plus(spread.value));
}

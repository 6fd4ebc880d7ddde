/** The condition Σ p·q ≤ R_max: when prices would bring in more than is permitted, all are scaled by one factor R_max ÷ Σ p·q and rounded
 *  down (G5).
 *  @module */
import type { Figure } from "../figure.ts";
import { derivedFigure, quotientFigure, sumFigure } from "../make-figure.ts";
import type { Rules } from "../rules/resolve.ts";

/** A price of one unit, and the use it is expected to meet. */
export interface PricedUse {
  readonly product: string;
  readonly price: Figure;
  readonly use: Figure;
}

/** Prices that keep the condition. */
export interface CappedPrices {
  /** Σ p·q of the prices as they came. */
  readonly before: Figure;
  /** The factor, present when prices were scaled. */
  readonly factor?: Figure;
  readonly prices: ReadonlyMap<string, Figure>;
  /** Σ p·q of the prices that hold. */
  readonly income: Figure;
}

/** Σ p·q. */
export function incomeOf(list: readonly PricedUse[], rules: Rules): Figure {
  const { reference: rule } = rules.of("excessOfPrices");
  const inputs = list.map(({ product, price, use }) =>
    derivedFigure(
      { id: `income:${product}`, label: price.label, unit: "yuan", rule, formula: "p × q", inputs: [price, use] },
      price.value.times(use.value),
    ),
  );
  const label = { zh: "预计收入Σp·q", en: "expected income Σ p·q" };
  return sumFigure({ id: "income", label, unit: "yuan", rule, inputs });
}

/** `list` scaled down as far as `rMax` asks. */
export function cappedPrices(list: readonly PricedUse[], rMax: Figure, rules: Rules): CappedPrices {
  const { reference: rule } = rules.of("excessOfPrices");
  const rounding = rules.of("ceilingRounding");
  const before = incomeOf(list, rules);
  if (before.value.isLessThanOrEqualTo(rMax.value)) {
    return { before, prices: new Map(list.map(({ product, price }) => [product, price])), income: before };
  }
  const where = "Σ p·q";
  const label = { zh: "统一下调系数", en: "common factor" };
  const factor = quotientFigure(
    { id: "common-factor", label, unit: "factor", rule, formula: "R_max ÷ Σ p·q", inputs: [rMax, before] },
    { dividend: rMax.value, divisor: before.value, where },
    rounding,
  );
  // The factor shown is rounded; prices are reckoned from what it is made of, so that its rounding costs nothing.
  const scaled = list.map(({ product, price, use }) => {
    const { label, unit } = price;
    const making = { id: "ceiling", label, unit, rule, formula: "p × R_max ÷ Σ p·q", inputs: [price, rMax, before] };
    const division = { dividend: price.value.times(rMax.value), divisor: before.value, where };
    return { product, use, price: quotientFigure(making, division, rounding) };
  });
  const prices = new Map(scaled.map(({ product, price }) => [product, price]));
  return { before, factor, prices, income: incomeOf(scaled, rules) };
}

/** Normalised use (归一化使用量): K of its form times the use of each product, by which products of different forms share costs, and their
 *  sum V (G7).
 *  @module */
import { exact } from "../exact.ts";
import type { Figure } from "../figure.ts";
import { derivedFigure, ruledFigure, sumFigure } from "../make-figure.ts";
import type { Rules } from "../rules/resolve.ts";
import type { Product } from "./product.ts";
import { quantityOf, type Occasion } from "./quantity.ts";
import { FORM_LABELS } from "./use-factors.ts";

/** Normalised use of several products. */
export interface NormalisedUse {
  /** By product. Each rests on K and on the product's use in the unit of its form. */
  readonly of: ReadonlyMap<string, Figure>;
  /** V, their sum. */
  readonly total: Figure;
}

/** K·v of one product.
 *  @throws ERR_SETTLEMENT_MISSING when the actual use is wanted and not given. */
export function normalisedUseOf(product: Product, occasion: Occasion, rules: Rules): Figure {
  const quantity = quantityOf(product, occasion, rules);
  const { value, reference } = rules.of("normalisation");
  const { name } = FORM_LABELS[product.form];
  const coefficient = ruledFigure(
    {
      id: `k:${product.form}`,
      label: { zh: `归一化系数K：${name.zh}`, en: `coefficient K: ${name.en}` },
      unit: "factor",
    },
    exact(value[product.form], "normalisation"),
    reference,
  );
  return derivedFigure(
    {
      id: `normalised-${occasion}:${product.id}`,
      label: { zh: `归一化使用量：${product.title.zh}`, en: `normalised use: ${product.title.en}` },
      unit: "normalised",
      rule: reference,
      formula: "K × v",
      inputs: [coefficient, quantity],
    },
    coefficient.value.times(quantity.value),
  );
}

/** K·v of each product, and V.
 *  @throws ERR_SETTLEMENT_MISSING when the actual use of one is wanted and not given. */
export function normalisedUse(products: readonly Product[], occasion: Occasion, rules: Rules): NormalisedUse {
  const of = new Map(products.map((product) => [product.id, normalisedUseOf(product, occasion, rules)]));
  const total = sumFigure({
    id: `v-${occasion}`,
    label: { zh: "归一化使用量总和V", en: "sum of normalised use V" },
    unit: "normalised",
    rule: rules.of("normalisation").reference,
    inputs: [...of.values()],
  });
  return { of, total };
}

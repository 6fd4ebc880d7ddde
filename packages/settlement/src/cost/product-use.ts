/** Use of the products by which costs are shared and unit costs are reckoned.
 *  @module */
import type { Exact } from "../exact.ts";
import type { Figure } from "../figure.ts";
import { derivedFigure, givenFigure } from "../make-figure.ts";
import { normalisedUseOf } from "../metering/normalised-use.ts";
import type { Product } from "../metering/product.ts";
import { quantityOf, type Occasion } from "../metering/quantity.ts";
import type { Rules } from "../rules/resolve.ts";

/** Use of one product: in the unit of its form, and normalised. */
export interface ProductUse {
  readonly product: Product;
  readonly quantity: Figure;
  readonly normalised: Figure;
  /** The supposed multiple of the use; absent where nothing is supposed. Calls of sources follow it. */
  readonly multiple?: Figure;
}

/** Use of each product. `scales` holds factors of what-if questions, by product.
 *  @throws ERR_SETTLEMENT_MISSING when the actual use of one is wanted and not given. */
export function productUse(
  products: readonly Product[],
  occasion: Occasion,
  rules: Rules,
  scales: ReadonlyMap<string, Exact> = new Map(),
): ProductUse[] {
  return products.map((product) => {
    const use = {
      product,
      quantity: quantityOf(product, occasion, rules),
      normalised: normalisedUseOf(product, occasion, rules),
    };
    const scale = scales.get(product.id);
    if (scale === undefined) return use;
    const factor = givenFigure(
      { id: "what-if", label: { zh: "假设的用量倍数m", en: "supposed multiple of use m" }, unit: "factor" },
      scale,
      `simulation/${product.id}`,
    );
    return {
      product,
      quantity: scaled(use.quantity, factor),
      normalised: scaled(use.normalised, factor),
      multiple: factor,
    };
  });
}

function scaled(figure: Figure, factor: Figure): Figure {
  const { id, label, unit, derivation } = figure;
  if (derivation === undefined) return figure;
  const making = { id, label, unit, rule: derivation.rule, formula: "v × m", inputs: [figure, factor] };
  return derivedFigure(making, figure.value.times(factor.value));
}

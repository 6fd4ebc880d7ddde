/** Pricing (价格形成): from accepted cost to the ceiling of each product, in the order that the plan gives (003 六(三)).
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { accountCosts, type Costs, type ProductCost } from "../cost/account-costs.ts";
import { productUse } from "../cost/product-use.ts";
import type { Exact } from "../exact.ts";
import type { Figure } from "../figure.ts";
import type { Rules } from "../rules/resolve.ts";
import { cappedPrices, type CappedPrices } from "./common-factor.ts";
import { permittedIncomeOf, type PermittedIncome } from "./permitted-income.ts";
import type { PriceInput } from "./price-input.ts";
import { profitRateOf } from "./profit-rate.ts";
import { sceneFactorOf, type SceneFactor } from "./scene-factor.ts";
import { taxRatesOf, type TaxRates } from "./tax-rates.ts";
import { assessedCeilingOf, basePriceOf, type AssessedCeiling } from "./unit-price.ts";

/** The price of one product and all it rests on. */
export interface ProductPrice extends AssessedCeiling {
  readonly cost: ProductCost;
  readonly unitCost: Figure;
  readonly base: Figure;
  readonly scene: SceneFactor;
  /** The ceiling (上限收费标准) that may be filed. */
  readonly ceiling: Figure;
}

/** Prices of a year. */
export interface Pricing {
  readonly rules: Rules;
  readonly year: string;
  readonly costs: Costs;
  readonly rate: Figure;
  readonly tax: TaxRates;
  readonly permitted: PermittedIncome;
  /** Σ p·q before and after the condition, and the common factor when there was one. */
  readonly capped: CappedPrices;
  readonly products: ReadonlyMap<string, ProductPrice>;
}

/** Suppositions of a simulation, by product. */
export interface Suppositions {
  readonly useMultiples: ReadonlyMap<string, Exact>;
  readonly lambdas: ReadonlyMap<string, Figure>;
}

const NOTHING_SUPPOSED: Suppositions = { useMultiples: new Map(), lambdas: new Map() };

/** The ceilings of all products.
 *  @throws ERR_SETTLEMENT_DIVISOR for a product without estimated use, ERR_SETTLEMENT_REFUSED (G19) for one that costs something and whose
 *  price is rounded to zero, and what {@link accountCosts} throws. */
export function priceProducts(input: PriceInput, supposed: Suppositions = NOTHING_SUPPOSED): Pricing {
  const { rules } = input;
  const uses = productUse(input.products, "estimate", rules, supposed.useMultiples);
  const idle = uses.find(({ quantity }) => quantity.value.isZero());
  if (idle !== undefined) throw new SluiceError("ERR_SETTLEMENT_DIVISOR", { line: `products/${idle.product.id}` });
  const costs = accountCosts(input.costs, uses, rules);
  const rate = profitRateOf(input.profit, rules);
  const tax = taxRatesOf(input.surcharges, rules);
  const permitted = permittedIncomeOf(costs.total, { rate, tax, carryOver: input.carryOver }, rules);
  const assessed = [...costs.products].flatMap(([id, cost]) => {
    const assessment = input.assessments.get(id);
    if (cost.unit === undefined || assessment === undefined) return [];
    const base = basePriceOf(cost.unit, rate, tax, rules);
    const own = sceneFactorOf(assessment, rules);
    const scene = { ...own, lambda: supposed.lambdas.get(id) ?? own.lambda };
    const ceilings = assessedCeilingOf(base, scene.lambda, assessment, rules);
    return [{ id, cost, unitCost: cost.unit, base, scene, ...ceilings }];
  });
  const asked = assessed.map((one) => ({ product: one.id, price: one.assessed, use: one.cost.use }));
  const capped = cappedPrices(asked, permitted.rMax, rules);
  for (const { id, cost, unitCost, base, scene } of assessed) {
    if (cost.total.value.isZero() || permitted.rMax.value.isZero() || scene.lambda.value.isZero()) continue;
    const ceiling = capped.prices.get(id);
    if (![unitCost, base, ceiling].some((price) => price?.value.isZero() === true)) continue;
    const reason = "the price of a unit is rounded to zero, so that what it costs would be lost";
    const rule = rules.of("basePrice").reference.id;
    throw new SluiceError("ERR_SETTLEMENT_REFUSED", { line: `products/${id}`, rule, reason });
  }
  const products = new Map(
    assessed.map(({ id, ...price }): [string, ProductPrice] => {
      const { zh, en } = price.cost.product.title;
      const label = { zh: `上限收费标准：${zh}`, en: `ceiling: ${en}` };
      return [id, { ...price, ceiling: { ...(capped.prices.get(id) ?? price.assessed), id: `ceiling:${id}`, label } }];
    }),
  );
  return { rules, year: input.costs.year, costs, rate, tax, permitted, capped, products };
}

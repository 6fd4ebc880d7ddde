/** Simulation (测算): the same reckoning with other estimates of use or another λ, beside the one that holds; and the points of the two
 *  curves that officials ask for, price against estimated use, and actual against permitted income.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { z } from "zod";
import { exact, sumOf, type Exact } from "../exact.ts";
import type { Figure } from "../figure.ts";
import { LineId, MAX_LINES, QuantityText, readInput } from "../input.ts";
import { givenFigure } from "../make-figure.ts";
import type { Rules } from "../rules/resolve.ts";
import type { PriceInput } from "./price-input.ts";
import { priceProducts, type Pricing } from "./price-products.ts";

/** Largest multiple of use that can be supposed. */
export const MAX_USE_MULTIPLE = 1_000;

const Multiple = QuantityText.refine(
  (text) => Number(text) > 0 && Number(text) <= MAX_USE_MULTIPLE,
  `a multiple above zero and of at most ${MAX_USE_MULTIPLE}`,
);

/** What is supposed. */
export const Simulation = z.strictObject({
  /** Multiple of the estimated use of every product that `uses` does not name. */
  useOfAll: Multiple.optional(),
  uses: z
    .array(z.strictObject({ product: LineId, multiple: Multiple }))
    .max(MAX_LINES)
    .optional(),
  lambdas: z
    .array(z.strictObject({ product: LineId, lambda: QuantityText }))
    .max(MAX_LINES)
    .optional(),
});
export type Simulation = z.infer<typeof Simulation>;

/** Prices as they are and as they would be. */
export interface SimulatedPrices {
  readonly before: Pricing;
  readonly after: Pricing;
}

/** Prices of `input` under what `simulation` supposes.
 *  @throws ERR_SETTLEMENT_INPUT, ERR_SETTLEMENT_TWICE, ERR_SETTLEMENT_MISSING; ERR_SETTLEMENT_REFUSED (G20) for a λ that no product can have. */
export function simulatePrices(input: PriceInput, simulation: unknown): SimulatedPrices {
  const after = supposedPrices(input, simulation);
  return { before: priceProducts(input), after };
}

/** Prices of `input` as they would be, without those that are.
 *  @throws as {@link simulatePrices}. */
export function supposedPrices(input: PriceInput, simulation: unknown): Pricing {
  const { useOfAll, uses = [], lambdas = [] } = readInput(Simulation, simulation, "simulation");
  const multiples = new Map<string, Exact>();
  if (useOfAll !== undefined) for (const { id } of input.products) multiples.set(id, exact(useOfAll));
  for (const [product, { multiple }] of byProduct(uses, "uses", input)) multiples.set(product, exact(multiple));
  const supposed = new Map<string, Figure>();
  for (const [product, { lambda }] of byProduct(lambdas, "lambdas", input)) {
    supposed.set(product, supposedLambda(product, lambda, input.rules));
  }
  return priceProducts(input, { useMultiples: multiples, lambdas: supposed });
}

function byProduct<T extends { readonly product: string }>(list: readonly T[], name: string, { products }: PriceInput) {
  const found = new Map<string, T>();
  for (const one of list) {
    const line = `simulation/${name}/${one.product}`;
    if (found.has(one.product)) throw new SluiceError("ERR_SETTLEMENT_TWICE", { line });
    if (!products.some(({ id }) => id === one.product)) {
      throw new SluiceError("ERR_SETTLEMENT_MISSING", { line: `products/${one.product}`, rule: line });
    }
    found.set(one.product, one);
  }
  return found;
}

/** A supposed λ, which lies between the least and the greatest f1·f2 of the rules. */
function supposedLambda(product: string, text: string, rules: Rules): Figure {
  const lambda = exact(text);
  const sensitivities = Object.values(rules.of("sensitivity").value).map((one) => exact(one));
  const values = rules.of("valueFactors").value.map((one) => exact(one));
  const products = sensitivities.flatMap((f1) => values.map((f2) => f1.times(f2)));
  if (products.every((one) => one.isLessThan(lambda)) || products.every((one) => one.isGreaterThan(lambda))) {
    const reason = "no product can have such a λ";
    const rule = rules.of("sensitivity").reference.id;
    throw new SluiceError("ERR_SETTLEMENT_REFUSED", { line: `simulation/lambdas/${product}`, rule, reason });
  }
  const label = { zh: "假设的场景调节系数λ", en: "supposed scene factor λ" };
  return givenFigure({ id: "lambda", label, unit: "factor" }, lambda, `simulation/lambdas/${product}`);
}

/** One point of the curve of a price against estimated use. */
export interface PricePoint {
  readonly multiple: Exact;
  readonly use: Exact;
  readonly unitCost: Exact;
  readonly base: Exact;
  readonly ceiling: Exact;
}

/** Prices of `product` when its use is estimated at each multiple, all else as in `input`.
 *  @throws as {@link simulatePrices}. */
export function priceCurve(input: PriceInput, product: string, multiples: readonly string[]): PricePoint[] {
  return multiples.flatMap((multiple) => {
    const price = supposedPrices(input, { uses: [{ product, multiple }] }).products.get(product);
    if (price === undefined) return [];
    const { unitCost, base, ceiling, cost } = price;
    const values = { unitCost: unitCost.value, base: base.value, ceiling: ceiling.value };
    return [{ multiple: exact(multiple), use: cost.use.value, ...values }];
  });
}

/** One point of the curve of income. */
export interface IncomePoint {
  readonly multiple: Exact;
  readonly actual: Exact;
  readonly permitted: Exact;
}

/** Income at the ceilings that hold when actual use turns out at each multiple of the estimate, beside the permitted.
 *  @throws ERR_SETTLEMENT_INPUT for a multiple of another shape. */
export function incomeCurve({ products, permitted }: Pricing, multiples: readonly string[]): IncomePoint[] {
  const list = readInput(z.array(QuantityText).max(MAX_LINES), multiples, "multiples");
  const income = sumOf([...products.values()].map(({ ceiling, cost }) => ceiling.value.times(cost.use.value)));
  return list.map((multiple) => ({
    multiple: exact(multiple),
    actual: income.times(multiple),
    permitted: permitted.rMax.value,
  }));
}

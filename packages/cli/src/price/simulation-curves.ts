/** The two curves of a simulation: a product's ceiling against its estimated use, and income against the permitted as use turns out.
 *  @module */
import { setImmediate } from "node:timers/promises";
import { SluiceError } from "@sluice/protocol";
import {
  incomeCurve,
  priceCurve,
  supposedPrices,
  type Exact,
  type Label,
  type PriceInput,
  type Pricing,
  type SimulatedPrices,
  type Simulation,
} from "@sluice/settlement";

/** Multiples of the estimate in the file at which curves have points. */
export const MULTIPLES = ["0.25", "0.35", "0.5", "0.6", "0.75", "1", "1.25", "1.5", "2"] as const;
/** Most products whose curves are drawn. */
export const MAX_CURVES = 8;

/** One point of a product's curve: its ceiling as the rest of the file has it, and as it is supposed. */
export interface PriceCurvePoint {
  readonly multiple: string;
  readonly use: Exact;
  readonly unitCost: Exact;
  readonly before: Exact;
  readonly after: Exact;
}

/** The curve of one product. */
export interface ProductCurve {
  readonly product: string;
  readonly title: Label;
  readonly points: readonly PriceCurvePoint[];
}

/** One point of income at the ceilings when use turns out at a multiple of the estimate in the file. */
export interface IncomeCurvePoint {
  readonly multiple: string;
  readonly before: Exact;
  readonly after: Exact;
  readonly permitted: Exact;
}

/** Curves of a simulation. */
export interface SimulationCurves {
  readonly prices: readonly ProductCurve[];
  /** Products of which no curve is made, since there are more than {@link MAX_CURVES}. */
  readonly leftOut: readonly string[];
  readonly income: readonly IncomeCurvePoint[];
}

/** Curves of the products that the simulation names; of all when it names none. Each point is a pricing of the whole file, so that it can be
 *  given up between points.
 *  @throws ERR_CANCELLED when `signal` aborts. */
export async function simulationCurves(
  input: PriceInput,
  { simulation, prices, signal }: { simulation: Simulation; prices: SimulatedPrices; signal: AbortSignal },
): Promise<SimulationCurves> {
  const { uses = [], lambdas = [] } = simulation;
  const named = new Set([...uses, ...lambdas].map(({ product }) => product));
  const products = input.products.filter(({ id }) => named.size === 0 || named.has(id));
  const curves: ProductCurve[] = [];
  for (const { id, title } of products.slice(0, MAX_CURVES)) {
    const points: PriceCurvePoint[] = [];
    for (const multiple of MULTIPLES) {
      await setImmediate();
      if (signal.aborted) throw new SluiceError("ERR_CANCELLED", {}, { cause: signal.reason });
      points.push(...pointOf(input, simulation, id, multiple));
    }
    curves.push({ product: id, title, points });
  }
  return { prices: curves, leftOut: products.slice(MAX_CURVES).map(({ id }) => id), income: incomeOf(prices) };
}

function pointOf(input: PriceInput, simulation: Simulation, product: string, multiple: string): PriceCurvePoint[] {
  const others = (simulation.uses ?? []).filter((use) => use.product !== product);
  const supposesMore = simulation.useOfAll !== undefined || others.length > 0 || (simulation.lambdas ?? []).length > 0;
  return priceCurve(input, product, [multiple]).flatMap(({ use, unitCost, ceiling }) => {
    const point = { multiple, use, unitCost, before: ceiling };
    if (!supposesMore) return [{ ...point, after: ceiling }];
    const supposed = { ...simulation, uses: [...others, { product, multiple }] };
    const price = supposedPrices(input, supposed).products.get(product);
    return price === undefined ? [] : [{ ...point, after: price.ceiling.value }];
  });
}

/** Income at both sets of ceilings, by the same actual use: multiples of what the file estimates. */
function incomeOf({ before, after }: SimulatedPrices): IncomeCurvePoint[] {
  const supposed: Pricing = {
    ...after,
    products: new Map(
      [...after.products].map(([id, price]) => {
        const use = before.products.get(id)?.cost.use ?? price.cost.use;
        return [id, { ...price, cost: { ...price.cost, use } }];
      }),
    ),
  };
  const multiples = ["0", ...MULTIPLES];
  const actual = incomeCurve(supposed, multiples);
  return incomeCurve(before, multiples).flatMap((point, i) => {
    const other = actual[i];
    if (other === undefined) return [];
    return [{ multiple: multiples[i] ?? "", before: point.actual, after: other.actual, permitted: point.permitted }];
  });
}

/** Prices as they are beside prices as they would be: the columns of both, and what is supposed in words.
 *  @module */
import { exactText, type Label, type ProductPrice, type SimulatedPrices, type Simulation } from "@sluice/settlement";
import { PRODUCT_COLUMNS, type FigureColumn } from "./pricing-figures.ts";

/** One product before and after. */
export interface ProductChange {
  readonly id: string;
  readonly before: ProductPrice;
  readonly after: ProductPrice;
}

/** What the two sides are called. */
export const SIDES = {
  before: { zh: "现行", en: "as filed" },
  after: { zh: "假设", en: "supposed" },
} as const satisfies Record<string, Label>;

const SHOWN = ["use", "unitCost", "lambda", "ceiling"];

/** Use, unit cost, λ and ceiling, each before and after. */
export const CHANGE_COLUMNS: readonly FigureColumn<ProductChange>[] = PRODUCT_COLUMNS.filter(({ key }) =>
  SHOWN.includes(key),
).flatMap(({ key, heading, of }) =>
  (["before", "after"] as const).map((side) => ({
    key: `${key}.${side}`,
    heading: { zh: `${heading.zh}（${SIDES[side].zh}）`, en: `${heading.en}, ${SIDES[side].en}` },
    of: (change: ProductChange) => of(change[side]),
  })),
);

/** The products of both sides. */
export function changesOf({ before, after }: SimulatedPrices): ProductChange[] {
  return [...before.products].flatMap(([id, price]) => {
    const other = after.products.get(id);
    return other === undefined ? [] : [{ id, before: price, after: other }];
  });
}

/** By how much the ceiling changes, with its sign: `+0.3936`. */
export function changeText({ before, after }: ProductChange): string {
  const change = after.ceiling.value.minus(before.ceiling.value);
  return `${change.isGreaterThan(0) ? "+" : ""}${exactText(change)}`;
}

/** What is supposed, in words. */
export function suppositionsText({ useOfAll, uses = [], lambdas = [] }: Simulation, language: keyof Label): string {
  const words =
    language === "zh"
      ? { all: "全部产品用量", use: "用量", none: "无" }
      : { all: "use of all", use: "use", none: "nothing" };
  const list = [
    ...(useOfAll === undefined ? [] : [`${words.all} × ${useOfAll}`]),
    ...uses.map(({ product, multiple }) => `${product} ${words.use} × ${multiple}`),
    ...lambdas.map(({ product, lambda }) => `${product} λ = ${lambda}`),
  ];
  return list.length === 0 ? words.none : list.join(language === "zh" ? "；" : "; ");
}

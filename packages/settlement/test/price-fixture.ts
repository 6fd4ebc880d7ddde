/** Price files for tests: the worked example with one fee, and files of small products.
 *  @module */
import {
  exact,
  givenFigure,
  priceProducts,
  readPriceInput,
  RULE_SETS,
  type Figure,
  type FigureUnit,
  type PriceInput,
  type Pricing,
  type Product,
} from "../src/index.ts";
import { CITY_PRODUCTS } from "./city-products.ts";
import { costLine } from "./cost-fixture.ts";

/** A field of the lowest grade that locates nobody. */
export const PLAIN_FIELD = { resource: "enterprises", field: "industry", grade: "general-1", locates: "none" } as const;

/** Profit of 1.67 + 6 per cent. */
export const PROFIT = {
  method: "yield-plus-spread",
  yieldPercent: "1.67",
  yieldOn: "2025-12-31",
  yieldSource: "CCDC-2025",
  spreadPercent: "6",
};

/** An assessment of the lowest sensitivity and value. */
export function assessmentOf(product: string) {
  return { product, fields: [PLAIN_FIELD], value: { factor: "1", reason: "base", evidence: "PG-1" } };
}

/** A price file over `products`, which share a fee of `cost`; `more` replaces its members. */
export function priceFile(
  more: Readonly<Record<string, unknown>> = {},
  products: readonly Product[] = CITY_PRODUCTS,
  cost = "1620000.00",
) {
  const expense = { kind: "third-party", amount: cost, contract: { id: "k", value: cost, tender: "ZB-1" } };
  return {
    jurisdiction: "futian",
    filedOn: "2026-01-15",
    profit: PROFIT,
    surcharges: { percent: "12", evidence: "SW-1" },
    products,
    costs: { year: "2026", lines: [costLine("all", { class: "operating-common", expense })] },
    assessments: products.map(({ id }) => assessmentOf(id)),
    ...more,
  };
}

/** The file above, read. */
export function priceInput(...file: Parameters<typeof priceFile>): PriceInput {
  return readPriceInput(priceFile(...file), RULE_SETS);
}

/** The file above, priced. */
export function pricingOf(...file: Parameters<typeof priceFile>): Pricing {
  return priceProducts(priceInput(...file));
}

/** A figure given by nothing but a test. */
export function figureOf(text: string, unit: FigureUnit = "yuan"): Figure {
  return givenFigure({ id: "x", label: { zh: "数", en: "x" }, unit }, exact(text), "test");
}

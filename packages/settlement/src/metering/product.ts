/** A data product or service as settlement sees it: its form, the year it is estimated for, the resources it is made from, and its use as
 *  estimated and as it came.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { z } from "zod";
import { LineId, MAX_LINES, readInput, Words, Year } from "../input.ts";
import { MeasuredUse, USE_FACTORS, type Form } from "./use-factors.ts";

/** Most lines of factors of one product, and most resources it is made from. */
const MAX_USES = 1_000;

function productOf<F extends Form, U extends z.ZodType>(form: F, use: U) {
  return z.strictObject({
    id: LineId,
    title: Words,
    form: z.literal(form),
    /** The calendar year whose use is estimated. */
    year: Year,
    /** Resources that it uses; their yearly fees are shared by the use of those who name them. */
    resources: z.array(LineId).max(MAX_USES),
    /** What it is made for: `teaching`. A product with a free licence states it, and has no use that the rules prohibit for free data. */
    uses: z.array(LineId).max(MAX_USES).optional(),
    /** Estimated use of the year (预估年使用量); its lines add up. */
    estimate: z.array(use).min(1).max(MAX_USES),
    /** Use of the year as it came: no line is no use; absent while it is not known. */
    actual: z
      .array(z.union([use, MeasuredUse]))
      .max(MAX_USES)
      .optional(),
  });
}

/** One product. */
export const Product = z.discriminatedUnion("form", [
  productOf("api", USE_FACTORS.api),
  productOf("alert", USE_FACTORS.alert),
  productOf("dataset", USE_FACTORS.dataset),
  productOf("label", USE_FACTORS.label),
  productOf("report", USE_FACTORS.report),
]);
export type Product = z.infer<typeof Product>;

/** Reads products: all of one year, each once.
 *  @throws ERR_SETTLEMENT_INPUT, ERR_SETTLEMENT_TWICE, ERR_SETTLEMENT_PERIOD naming the line. */
export function readProducts(value: unknown): Product[] {
  const products = readInput(z.array(Product).min(1).max(MAX_LINES), value, "products");
  const seen = new Set<string>();
  const year = products[0]?.year ?? "";
  for (const product of products) {
    const line = `products/${product.id}`;
    if (seen.has(product.id)) throw new SluiceError("ERR_SETTLEMENT_TWICE", { line });
    if (product.year !== year) throw new SluiceError("ERR_SETTLEMENT_PERIOD", { line, period: year });
    seen.add(product.id);
  }
  return products;
}

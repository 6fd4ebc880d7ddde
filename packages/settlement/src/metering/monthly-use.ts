/** Use of a month by caller and product: what a store aggregates from its records, and what a statement is made from.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { z } from "zod";
import { CountText, LineId, Month, readInput } from "../input.ts";

/** Most lines of one month: 2,000 callers × 500 products. */
export const MAX_USE_LINES = 1_000_000;

/** One caller's use of one product. */
export const MonthlyUse = z.strictObject({
  caller: LineId,
  product: LineId,
  /** Use of the month, in the unit of the product's form. */
  quantity: CountText,
  /** Use in earlier months of the same calendar year in Asia/Shanghai. */
  before: CountText,
  /** First month that `before` counts; absent: January. */
  since: Month.optional(),
});
export type MonthlyUse = z.infer<typeof MonthlyUse>;

/** Reads the use of a month, one line for each caller and product, and puts it in their order.
 *  @throws ERR_SETTLEMENT_INPUT, ERR_SETTLEMENT_TWICE naming the line. */
export function readMonthlyUses(value: unknown): MonthlyUse[] {
  const uses = readInput(z.array(MonthlyUse).max(MAX_USE_LINES), value, "uses").sort(byCallerThenProduct);
  for (const [index, use] of uses.entries()) {
    const next = uses[index + 1];
    if (next === undefined || byCallerThenProduct(use, next) !== 0) continue;
    throw new SluiceError("ERR_SETTLEMENT_TWICE", { line: `uses/${use.caller}/${use.product}` });
  }
  return uses;
}

function byCallerThenProduct(a: MonthlyUse, b: MonthlyUse): number {
  if (a.caller !== b.caller) return a.caller < b.caller ? -1 : 1;
  if (a.product !== b.product) return a.product < b.product ? -1 : 1;
  return 0;
}

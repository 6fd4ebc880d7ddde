/** What a distribution is made from: the lines of a month's statement, and those among them that a party disputes.
 *  @module */
import { z } from "zod";
import { LineId, Text } from "../input.ts";
import { AccountId } from "../ledger/journal.ts";
import { wholeFen } from "../money.ts";
import type { Statement } from "../statement/monthly-statement.ts";

/** What a caller owes for a product in the month, as its statement has it. A free line has no amount. */
export const RevenueLine = z
  .strictObject({
    /** A name, or the caller's and the product's with a colon between them. */
    id: AccountId,
    product: LineId,
    caller: LineId,
    amount: z
      .bigint()
      .min(0n, "an amount of zero or more")
      .max(10n ** 13n, "an amount within the limit"),
    free: z.boolean(),
  })
  .refine(({ amount, free }) => !free || amount === 0n, { path: ["amount"], message: "no amount on a free line" });
export type RevenueLine = z.infer<typeof RevenueLine>;

/** A line that a party disputes (争议). */
export const Dispute = z.strictObject({ line: AccountId, by: LineId, reason: Text, evidence: Text });
export type Dispute = z.infer<typeof Dispute>;

/** The lines of a statement as they are distributed: all use of a line without tariff was free. */
export function revenueLines({ lines }: Pick<Statement, "lines">): RevenueLine[] {
  return lines.map(({ caller, product, amount, tariff }) => ({
    id: `${caller}:${product}`,
    product,
    caller,
    amount: wholeFen(amount.value, `lines/${caller}/${product}`),
    free: tariff === undefined,
  }));
}

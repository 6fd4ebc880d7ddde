/** A statement against the receipts behind it: line by line, what the tariff charges is what the prices in the receipts come to.
 *  @module */
import { rounded } from "../exact.ts";
import { wholeFen, type Fen } from "../money.ts";
import type { ReceiptSum } from "../metering/receipt-use.ts";
import type { Statement } from "./monthly-statement.ts";

/** A line whose amount is another than the receipts'; null where one side lacks it. */
export interface ReceiptDifference {
  readonly caller: string;
  readonly product: string;
  readonly statement: Fen | null;
  readonly receipts: Fen | null;
}

/** Lines that differ, by caller and product; none when statement and receipts agree. A receipt's sum is posted as a line's amount is. */
export function againstReceipts(statement: Statement, sums: readonly ReceiptSum[]): ReceiptDifference[] {
  const posting = statement.rules.of("postingRounding").value;
  const charged = new Map(
    statement.lines.map(({ caller, product, amount }) => [`${caller}/${product}`, wholeFen(amount.value, "a line")]),
  );
  const proved = new Map(
    sums.map(({ caller, product, yuan }) => [`${caller}/${product}`, wholeFen(rounded(yuan, posting), "a sum")]),
  );
  return [...new Set([...charged.keys(), ...proved.keys()])]
    .toSorted()
    .map((key) => {
      const [caller = "", product = ""] = key.split("/");
      return { caller, product, statement: charged.get(key) ?? null, receipts: proved.get(key) ?? null };
    })
    .filter((line) => line.statement !== line.receipts);
}

/** What the receipts come to, each line posted as a line of the statement is. */
export function receiptTotal(statement: Statement, sums: readonly ReceiptSum[]): Fen {
  const posting = statement.rules.of("postingRounding").value;
  return sums.reduce((total, { yuan }) => total + wholeFen(rounded(yuan, posting), "a sum"), 0n);
}

/** Receipts as usage: what a domain signed about a call is a record of its use, and the price that the grant fixed is what it costs. Of the
 *  operations of a call one is metered: the one whose unit the price names, or, of a free grant, the one that answers.
 *  @module */
import { Operation, OPERATION_UNITS, SluiceError, type Receipt, type Unit } from "@sluice/protocol";
import { exact, ZERO, type Exact } from "../exact.ts";
import { chinaMonth } from "./china-time.ts";
import type { UsageRecord } from "./usage-record.ts";

/** Which operations answer a caller. First steps of a call answer nothing; development and builds are no use of a product. */
const ANSWERS: Readonly<Record<Operation, boolean>> = {
  develop: false,
  build: false,
  "lookup.evaluate": false,
  "lookup.query": true,
  "psi.ids": true,
  "psi.cardinality": true,
  "psi.sum": true,
  score: true,
  report: true,
  dataset: true,
  aggregate: true,
  "selection.register": false,
  "selection.sum": true,
};
const WORK: ReadonlySet<Operation> = new Set<Operation>(["develop", "build"]);

/** A receipt's body with the name of who called. */
export interface CalledReceipt {
  readonly receipt: Receipt;
  readonly caller: string;
}

/** Whether the receipt's quantity is what its product's use is counted by.
 *  @throws ERR_SETTLEMENT_REFUSED (F1) for an answer whose price is by a unit that no operation of its kind has: it would go unpaid. */
export function isMetered({ callId, operation, quantity, price }: Receipt): boolean {
  if (price.kind !== "per-unit" || WORK.has(operation)) return ANSWERS[operation];
  if (!unitsBeside(operation).has(price.unit)) {
    const reason = "its price is by a unit that no operation of its product has";
    throw new SluiceError("ERR_SETTLEMENT_REFUSED", { line: `receipts/${callId}`, rule: "F1", reason });
  }
  return quantity.unit === price.unit;
}

/** Units of the operations that a call of this one may consist of: `lookup.evaluate` and `lookup.query`. */
function unitsBeside(operation: Operation): ReadonlySet<Unit> {
  const kindOf = (one: string): string | undefined => one.split(".")[0];
  const beside = Operation.options.filter((other) => kindOf(other) === kindOf(operation));
  return new Set(beside.map((other) => OPERATION_UNITS[other]));
}

/** The usage record of a receipt; null for one that is not metered. */
export function recordOfReceipt({ receipt, caller }: CalledReceipt): UsageRecord | null {
  if (!isMetered(receipt)) return null;
  const { callId, product, at, quantity, domain, request } = receipt;
  return { id: callId, caller, domain, request, product, at, outcome: "answered", use: { quantity: quantity.amount } };
}

/** What the receipts of one caller and product come to at the prices that stand in them, in yuan, unrounded. Each call once. */
export interface ReceiptSum {
  readonly caller: string;
  readonly product: string;
  readonly yuan: Exact;
}

/** Sums of `receipts` by caller and product: of all, or of the calls that were answered first in `month`.
 *  @throws ERR_SETTLEMENT_CALL when two receipts of one call and operation differ in what they charge. */
export function receiptSums(receipts: readonly CalledReceipt[], month?: string): ReceiptSum[] {
  const charged = new Map<string, ReceiptSum & { readonly at: string }>();
  for (const { receipt, caller } of receipts.filter((one) => isMetered(one.receipt))) {
    const { callId, product, price, quantity, domain, request } = receipt;
    const key = [callId, domain, caller, request].join(" ");
    const line = `receipts/${callId}`;
    const yuan = price.kind === "free" ? ZERO : exact(quantity.amount, line).times(exact(price.amount, line));
    const known = charged.get(key);
    if (known !== undefined && (known.product !== product || !known.yuan.eq(yuan))) {
      throw new SluiceError("ERR_SETTLEMENT_CALL", { line });
    }
    const at = known !== undefined && known.at < receipt.at ? known.at : receipt.at;
    charged.set(key, { caller, product, yuan, at });
  }
  const sums = new Map<string, ReceiptSum>();
  for (const { caller, product, yuan, at } of charged.values()) {
    if (month !== undefined && chinaMonth(at) !== month) continue;
    const key = `${caller}/${product}`;
    sums.set(key, { caller, product, yuan: yuan.plus(sums.get(key)?.yuan ?? ZERO) });
  }
  return [...sums].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum);
}

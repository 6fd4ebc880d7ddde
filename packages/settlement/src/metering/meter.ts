/** The meter: from usage records to the use of a month by caller and product. A call counts once, when it was answered, whatever was
 *  retried; its month is that of its first answer in Asia/Shanghai.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { z } from "zod";
import { Month, readInput } from "../input.ts";
import { chinaMonth } from "./china-time.ts";
import type { MonthlyUse } from "./monthly-use.ts";
import { readProducts, type Product } from "./product.ts";
import { MAX_RECORDS, UsageRecord } from "./usage-record.ts";
import { MeasuredUse, USE_FACTORS } from "./use-factors.ts";

/** A call that counts. */
export interface MeteredCall {
  readonly id: string;
  readonly caller: string;
  readonly product: string;
  /** Instant of the first answer. */
  readonly at: string;
  /** In the unit of the product's form. */
  readonly quantity: bigint;
}

/** The calls among `records` that count, each once, by id. A call is known by its id, the domain, the caller and the
 *  request, of which records may leave out the domain and the request.
 *  @throws ERR_SETTLEMENT_INPUT for a record of another shape or with factors of another form, ERR_SETTLEMENT_MISSING for a product that
 *  is not given, ERR_SETTLEMENT_CALL for an id that stands for two different calls. */
export function meteredCalls(records: unknown, products: unknown): MeteredCall[] {
  const forms = new Map(readProducts(products).map(({ id, form }) => [id, form]));
  const calls = new Map<string, MeteredCall>();
  for (const record of readInput(z.array(UsageRecord).max(MAX_RECORDS), records, "records")) {
    const line = `records/${record.id}`;
    const form = forms.get(record.product);
    if (form === undefined) {
      throw new SluiceError("ERR_SETTLEMENT_MISSING", { line: `product ${record.product} of ${line}`, rule: "G6" });
    }
    const quantity = quantityOfUse(record.use, form, line);
    if (record.outcome === "failed") continue;
    const { id, caller, product, at, domain = "", request = "" } = record;
    const key = [id, domain, caller, request].join(" ");
    const known = calls.get(key);
    if (known === undefined) {
      calls.set(key, { id, caller, product, at, quantity });
    } else if (known.product !== product || known.quantity !== quantity) {
      throw new SluiceError("ERR_SETTLEMENT_CALL", { line });
    } else if (at < known.at) {
      calls.set(key, { ...known, at });
    }
  }
  return [...calls].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, call]) => call);
}

function quantityOfUse(use: UsageRecord["use"], form: Product["form"], line: string): bigint {
  const factors = readInput<Readonly<Record<string, string>>>(
    z.union([USE_FACTORS[form], MeasuredUse]),
    use,
    `${line}/use`,
  );
  return Object.values(factors).reduce((product, factor) => product * BigInt(factor), 1n);
}

/** Use of `month` by caller and product, with what they used earlier in its calendar year, from the month on that `since` gives.
 *  @throws ERR_SETTLEMENT_INPUT, ERR_SETTLEMENT_PERIOD for a call of another year or a later month. */
export function monthlyUses(
  calls: readonly MeteredCall[],
  month: string,
  since: (caller: string, product: string) => string = () => `${month.slice(0, 4)}-01`,
): MonthlyUse[] {
  readInput(Month, month, "month");
  const sums = new Map<string, { caller: string; product: string; quantity: bigint; before: bigint }>();
  for (const { id, caller, product, at, quantity } of calls) {
    const of = chinaMonth(at);
    if (of.slice(0, 4) !== month.slice(0, 4) || of > month) {
      throw new SluiceError("ERR_SETTLEMENT_PERIOD", { line: `records/${id}`, period: `the year up to ${month}` });
    }
    const key = `${caller}/${product}`;
    const sum = sums.get(key) ?? { caller, product, quantity: 0n, before: 0n };
    sums.set(key, sum);
    if (of === month) sum.quantity += quantity;
    else if (of >= since(caller, product)) sum.before += quantity;
  }
  return [...sums]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { caller, product, quantity, before }]) => ({
      caller,
      product,
      quantity: String(quantity),
      before: String(before),
      ...(since(caller, product) > `${month.slice(0, 4)}-01` ? { since: since(caller, product) } : {}),
    }));
}

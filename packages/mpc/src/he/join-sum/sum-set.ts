/** The domain's set: an element and a value for each entry, made once for a product's version.
 *  @module */
import {
  concatBytes,
  MAX_JOIN_SUM_SET_ITEMS,
  padPsiItems,
  SluiceError,
  type Bytes,
  type JoinSumTerms,
  type Random,
} from "@sluice/protocol";
import { hashEach, randomElements } from "../../psi/bulk.ts";
import { systemRandom } from "../../random.ts";
import { joinSumGroupContext, type JoinSumIdentity } from "./context.ts";

/** A row: `psiEntry` of its key, and its value. */
export interface SumRow {
  readonly entry: Bytes;
  readonly value: number;
}

/** What stays in the domain. Padding has random elements and zeros. */
export interface SumSet {
  /** 32 bytes each, a padded number of them. */
  readonly elements: Bytes;
  /** Of the elements, in their order. */
  readonly values: Float64Array;
}

/** What a set is made from. */
export interface SumSetSource {
  readonly identity: JoinSumIdentity;
  readonly bound: JoinSumTerms["bound"];
  readonly rows: readonly SumRow[];
  readonly random?: Random;
  readonly signal?: AbortSignal | undefined;
}

/** Hashes the entries; the values of an entry that has several rows are added up, in whatever order, and their sum is within the bound
 *  too, so that no entry changes a sum by more.
 *  @throws ERR_JOIN_SUM_VALUE, ERR_PSI_SET_TOO_LARGE, ERR_CANCELLED */
export async function prepareSumSet({
  identity,
  bound,
  rows,
  random = systemRandom,
  signal,
}: SumSetSource): Promise<SumSet> {
  const totals = new Map<string, { entry: Bytes; value: number; index: number }>();
  for (const [index, { entry, value }] of rows.entries()) {
    const name = Buffer.from(entry).toString("latin1");
    const total = (totals.get(name)?.value ?? 0) + value;
    if (!Number.isSafeInteger(value) || Math.abs(value) > bound || !Number.isSafeInteger(total)) {
      throw new SluiceError("ERR_JOIN_SUM_VALUE", { index, bound });
    }
    totals.set(name, { entry, value: total, index });
  }
  for (const { value, index } of totals.values()) {
    if (Math.abs(value) > bound) throw new SluiceError("ERR_JOIN_SUM_VALUE", { index, bound });
  }
  if (totals.size > MAX_JOIN_SUM_SET_ITEMS) {
    throw new SluiceError("ERR_PSI_SET_TOO_LARGE", { maxItems: MAX_JOIN_SUM_SET_ITEMS });
  }
  const distinct = [...totals.values()];
  const hashed = await hashEach(
    distinct.map(({ entry }) => entry),
    joinSumGroupContext(identity),
    signal,
  );
  const padded = padPsiItems(distinct.length);
  const values = new Float64Array(padded);
  for (const [i, { value }] of distinct.entries()) values[i] = value;
  return { elements: concatBytes(hashed, await randomElements(padded - distinct.length, random)), values };
}

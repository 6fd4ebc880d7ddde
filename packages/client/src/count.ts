/** Counting (求交，得个数): about how many entries of a list are in a product's set. The caller learns the count with noise and
 *  the padded size of the set; domain and gateway learn the padded size of the list, not an entry and not the count.
 *  @module */
import { PsiCardinalityReceiver, type NoisyCount } from "@sluice/mpc/psi/receiver";
export type { NoisyCount } from "@sluice/mpc/psi/receiver";
import { MAX_PSI_LIST_ITEMS, type EvidencedReceipt, type PsiSnapshot } from "@sluice/protocol";
import {
  askRows,
  invalidKeys,
  listSource,
  rowSource,
  type AskedSource,
  type InvalidKey,
  type JoinRow,
} from "./asked-rows.ts";
import { callWithList } from "./list-call.ts";
import type { JoinOptions, MatchOptions } from "./match.ts";
import type { CallOptions } from "./options.ts";
import { openProduct, type ProductHandle } from "./product-handle.ts";
import type { ProductionContext } from "./production-call.ts";
import { asClient } from "./refusal.ts";

/** What counting yields: about how many distinct entries of the list are in the set, how far that can be off, and what it cost. */
export interface CountResult extends NoisyCount {
  /** Entries that are none of the key's type, where they are skipped: they count as no match. */
  readonly skipped: readonly InvalidKey[];
  readonly receipt: EvidencedReceipt;
}

/** A product of the form `psi-cardinality` at one snapshot. */
export interface CountHandle extends ProductHandle<PsiSnapshot> {
  /** Counts matches of a list with a set that has a key of one part, as `MatchHandle.match` reads it; equal entries count, and are paid
   *  for, once. Each call has
   *  noise of its own and spends `snapshot.parameters.noise.epsilon` of the caller's budget, for the same list too.
   *  @throws ERR_COUNT_BUDGET when it is spent; ERR_JOIN_KEY, ERR_JOIN_COLUMNS, ERR_PSI_SET_TOO_LARGE, ERR_OPRF_ELEMENT, ERR_RECEIPT, ERR_ANSWER_ALTERED, ERR_CANCELLED,
   *  and refusals of the peers */
  count(list: Iterable<string>, options?: MatchOptions): Promise<CountResult>;
  /** Counts the distinct keys of rows, of several parts perhaps, that are in the set. A row with a NULL in its key counts as none.
   *  @throws as `count` does */
  countRows(rows: readonly JoinRow[], options?: JoinOptions): Promise<CountResult>;
  /** As those of `MatchHandle`. */
  check(list: Iterable<string>, options?: CallOptions): Promise<readonly InvalidKey[]>;
  checkRows(rows: readonly JoinRow[], options?: JoinOptions): Promise<readonly InvalidKey[]>;
}

/** Opens a product of the form `psi-cardinality`; there is nothing to download. @throws what `openProduct` throws */
export async function openCount(
  context: ProductionContext,
  name: string,
  options: CallOptions = {},
): Promise<CountHandle> {
  const product = await openProduct(context, name, "psi-cardinality", options);
  const receiver = await asClient(() => PsiCardinalityReceiver.open(product));
  const { random } = context;
  const { keys } = product.snapshot.parameters;
  const maxItems = MAX_PSI_LIST_ITEMS["psi-cardinality"];
  const counted = async (source: AskedSource, options: MatchOptions): Promise<CountResult> => {
    const { entries, skipped } = await askRows(source, { keys, maxItems }, options);
    const start = receiver.start.bind(receiver);
    const call = await callWithList(context, product, (pass) => start(entries, { ...pass, random }), options);
    return { ...call.result, skipped, receipt: call.receipt };
  };
  return {
    ...product,
    count: async (list, options = {}) => await counted(listSource([...list], keys), options),
    countRows: async (rows, options = {}) => await counted(rowSource(rows, keys, options.on), options),
    check: async (list, { signal } = {}) => await invalidKeys(listSource([...list], keys), keys, signal),
    checkRows: async (rows, { on, signal } = {}) => await invalidKeys(rowSource(rows, keys, on), keys, signal),
  };
}

/** Private lookup (匿踪查询): the label of one key. The caller learns this label; domain and gateway learn that this caller
 *  asked this product, not the key and not whether it was there: each lookup makes the same two calls.
 *  @module */
import { LookupClient, type LookupQuery } from "@sluice/mpc/lookup/client";
import {
  decodeLabelRecord,
  isSluiceError,
  lookupTables,
  type Bytes,
  type EvidencedReceipt,
  type LookupSnapshot,
  type Sha256Hex,
} from "@sluice/protocol";
import type { CallOptions } from "./options.ts";
import { fetchPart, openProduct, useOf, type ProductHandle } from "./product-handle.ts";
import { callOnce, type ProductionContext } from "./production-call.ts";
import { asClient, refusal, throwIfCancelled } from "./refusal.ts";

/** Queries made ahead, in the background: one, so that a lookup finds its own ready. An unused one hides nothing from anybody. */
const PREPARED_QUERIES = 1;

/** What a lookup yields. */
export interface LookupResult {
  /** The label, or null when the product holds no such key. */
  readonly record: { readonly label: string } | null;
  /** Receipts of the evaluation and of the query, in this order. */
  readonly receipts: readonly EvidencedReceipt[];
  /** Hash of the snapshot that answered: another than the handle was opened with, once the product was updated. */
  readonly snapshotHash: Sha256Hex;
}

/** A lookup product, at the snapshot that it served when it was opened; a lookup after an update fetches the new one. Close it when
 *  it is not asked again: `using` does. */
export interface LookupHandle extends ProductHandle<LookupSnapshot>, Disposable {
  /** The label of `key`, a UTF-8 string used exactly as given. When the domain does not serve the handle's snapshot any more, the
   *  present one is opened, once, and asked: for all lookups from then on. Of it only the hints that are new are fetched.
   *  @throws ERR_RECEIPT, ERR_ANSWER_ALTERED, ERR_OPRF_PROOF, ERR_LOOKUP_CORRUPT, ERR_CANCELLED, ERR_STATE when the handle is closed,
   *  and refusals of the peers */
  lookup(key: string, options?: CallOptions): Promise<LookupResult>;
  /** Wipes the secrets of queries that were made ahead, lets go of matrices and hints, and ends lookups under way with
   *  ERR_CANCELLED. Closing it again does nothing. */
  close(): void;
}

/** A snapshot that can be asked. */
interface Opened {
  readonly product: ProductHandle<LookupSnapshot>;
  readonly client: LookupClient;
}

/** The names of the hints of `lookupTables`, in its order. */
const HINT_PARTS = ["hint", "delta-hint"] as const;

/** Opens a lookup product; the hints have the hashes that the signed snapshot names.
 *  @throws ERR_LOOKUP_CORRUPT, ERR_FRAME_TOO_LARGE, and what `openProduct` throws */
export async function openLookup(
  context: ProductionContext,
  name: string,
  options: CallOptions = {},
): Promise<LookupHandle> {
  let opened = await openSnapshot(context, name, null, options);
  let opening: Promise<Opened> | undefined;
  const closing = new AbortController();
  // Lookups that are told so at the same time share one opening.
  const reopened = async (stale: Opened): Promise<Opened> => {
    if (opened !== stale) return opened;
    // Not ended by the signal of one of them.
    const { signal } = closing;
    opening ??= openSnapshot(context, name, stale, { signal }).finally(() => (opening = undefined));
    opened = await opening;
    stale.client.discardPrepared();
    if (closing.signal.aborted) opened.client.close();
    return opened;
  };
  const ahead = (): void => {
    if (!closing.signal.aborted) void opened.client.prepare(PREPARED_QUERIES, context.random);
  };
  const close = (): void => {
    closing.abort();
    opened.client.close();
  };
  ahead();
  return {
    ...opened.product,
    async lookup(key, { signal } = {}) {
      if (closing.signal.aborted) {
        throw refusal("ERR_STATE", { kind: "product", name, state: "closed", needed: "open" });
      }
      const asked = opened;
      const either = { signal: signal === undefined ? closing.signal : AbortSignal.any([closing.signal, signal]) };
      try {
        return await lookupKey(context, asked, key, either);
      } catch (error) {
        if (!isSluiceError(error, "ERR_SNAPSHOT")) throw error;
        return await lookupKey(context, await reopened(asked), key, either);
      } finally {
        ahead();
      }
    },
    close,
    [Symbol.dispose]: close,
  };
}

async function openSnapshot(
  context: ProductionContext,
  name: string,
  before: Opened | null,
  options: CallOptions,
): Promise<Opened> {
  const product = await openProduct(context, name, "label-lookup", options);
  if (before !== null && Date.parse(product.snapshot.at) < Date.parse(before.product.snapshot.at)) {
    throw refusal("ERR_RECEIPT", { reason: "the snapshot is older than the one before" });
  }
  const hints: (Bytes | null)[] = [];
  for (const [i, table] of lookupTables(product.snapshot).entries()) {
    const part = HINT_PARTS[i] ?? "hint";
    const isHeld = before !== null && before.client.holds(table);
    const { signal } = options;
    hints.push(isHeld ? null : await fetchPart(context, product, part, { sizeBytes: table.hintBytes, signal }));
  }
  const source = { ...product, hints };
  const client = await asClient(() => (before === null ? LookupClient.open(source) : before.client.reopen(source)));
  return { product, client };
}

async function lookupKey(
  context: ProductionContext,
  { product, client }: Opened,
  key: string,
  options: CallOptions,
): Promise<LookupResult> {
  throwIfCancelled(options.signal);
  const query = await evaluatedQuery(context, { product, client }, key, options);
  try {
    const answer = await callOnce(context, useOf(product, "lookup.query", 1), query.frame, options);
    const payload = await asClient(() => query.finish(answer.frame));
    const record = payload === null ? null : { label: labelOf(payload, product.snapshot.vocabulary) };
    return { record, receipts: [query.receipt, answer.receipt], snapshotHash: product.snapshotHash };
  } finally {
    query.discard();
  }
}

/** The first of the two calls, with what is asked in the second. */
async function evaluatedQuery(
  context: ProductionContext,
  { product, client }: Opened,
  key: string,
  options: CallOptions,
): Promise<LookupQuery & { readonly receipt: EvidencedReceipt }> {
  const started = await asClient(() => client.start(key, context.random));
  try {
    const { receipt, frame } = await callOnce(context, useOf(product, "lookup.evaluate", 1), started.frame, options);
    return { ...(await asClient(() => started.evaluated(frame))), receipt };
  } finally {
    started.discard();
  }
}

function labelOf(payload: Bytes, vocabulary: readonly string[]): string {
  const label = vocabulary[decodeLabelRecord(payload)];
  if (label === undefined) throw refusal("ERR_LOOKUP_CORRUPT");
  return label;
}

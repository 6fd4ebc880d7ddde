/** Private lookup (匿踪查询): the label of one key. The caller learns this label; domain and gateway learn that this caller
 *  asked this product, not the key and not whether it was there: each lookup makes the same two calls.
 *  @module */
import { LookupClient } from "@sluice/mpc/lookup/client";
import { decodeLabelRecord, sha256Hex, type Bytes, type EvidencedReceipt, type LookupSnapshot } from "@sluice/protocol";
import type { CallOptions } from "./options.ts";
import { fetchPart, openProduct, useOf, type ProductHandle } from "./product-handle.ts";
import { callOnce, type ProductionContext } from "./production-call.ts";
import { asClient, refusal, throwIfCancelled } from "./refusal.ts";

/** What a lookup yields. */
export interface LookupResult {
  /** The label, or null when the product holds no such key. */
  readonly record: { readonly label: string } | null;
  /** Receipts of the evaluation and of the query, in this order. */
  readonly receipts: readonly EvidencedReceipt[];
}

/** A lookup product at one snapshot. */
export interface LookupHandle extends ProductHandle<LookupSnapshot> {
  /** The label of `key`, a UTF-8 string used exactly as given.
   *  @throws ERR_RECEIPT, ERR_ANSWER_ALTERED, ERR_OPRF_PROOF, ERR_LOOKUP_CORRUPT, ERR_CANCELLED, and refusals of the peers */
  lookup(key: string, options?: CallOptions): Promise<LookupResult>;
}

/** Opens a lookup product; the hint has the hash that the signed snapshot names.
 *  @throws ERR_LOOKUP_CORRUPT, ERR_FRAME_TOO_LARGE, and what `openProduct` throws */
export async function openLookup(
  context: ProductionContext,
  name: string,
  options: CallOptions = {},
): Promise<LookupHandle> {
  const product = await openProduct(context, name, "label-lookup", options);
  const hint = await fetchHint(context, product, options.signal);
  const client = await asClient(() => LookupClient.open({ ...product, hints: [hint] }));
  return { ...product, lookup: (key, options = {}) => lookupKey(context, client, product, key, options) };
}

async function fetchHint(
  context: ProductionContext,
  product: ProductHandle<LookupSnapshot>,
  signal: AbortSignal | undefined,
): Promise<Bytes> {
  const { hintBytes, hint } = product.snapshot;
  const bytes = await fetchPart(context, product, "hint", { sizeBytes: hintBytes, signal });
  if (bytes.length !== hintBytes || (await sha256Hex(bytes)) !== hint) {
    throw refusal("ERR_RECEIPT", { reason: "the hint is not the one that the snapshot names" });
  }
  return bytes;
}

async function lookupKey(
  context: ProductionContext,
  client: LookupClient,
  product: ProductHandle<LookupSnapshot>,
  key: string,
  options: CallOptions,
): Promise<LookupResult> {
  throwIfCancelled(options.signal);
  const started = await asClient(() => client.start(key, context.random));
  const evaluation = await callOnce(context, useOf(product, "lookup.evaluate", 1), started.frame, options);
  const query = await asClient(() => started.evaluated(evaluation.frame));
  try {
    const answer = await callOnce(context, useOf(product, "lookup.query", 1), query.frame, options);
    const payload = await asClient(() => query.finish(answer.frame));
    const record = payload === null ? null : { label: labelOf(payload, product.snapshot.vocabulary) };
    return { record, receipts: [evaluation.receipt, answer.receipt] };
  } finally {
    query.discard();
  }
}

function labelOf(payload: Bytes, vocabulary: readonly string[]): string {
  const label = vocabulary[decodeLabelRecord(payload)];
  if (label === undefined) throw refusal("ERR_LOOKUP_CORRUPT");
  return label;
}

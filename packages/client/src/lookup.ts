/** Private lookup (匿踪查询): the label of one key. The caller learns this label; domain and gateway learn that this caller
 *  asked this product, not the key and not whether it was there: each lookup makes the same two calls.
 *  @module */
import { LookupClient } from "@sluice/mpc/lookup/client";
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

/** A lookup product, at the snapshot that it served when it was opened; a lookup after an update fetches the new one. */
export interface LookupHandle extends ProductHandle<LookupSnapshot> {
  /** The label of `key`, a UTF-8 string used exactly as given. When the domain does not serve the handle's snapshot any more, the
   *  present one is opened, once, and asked: for all lookups from then on. Of it only the hints that are new are fetched.
   *  @throws ERR_RECEIPT, ERR_ANSWER_ALTERED, ERR_OPRF_PROOF, ERR_LOOKUP_CORRUPT, ERR_CANCELLED, and refusals of the peers */
  lookup(key: string, options?: CallOptions): Promise<LookupResult>;
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
  // Lookups that are told so at the same time share one opening.
  const reopened = async (stale: Opened): Promise<Opened> => {
    if (opened !== stale) return opened;
    // Not ended by the signal of one of them.
    opening ??= openSnapshot(context, name, stale, {}).finally(() => (opening = undefined));
    opened = await opening;
    stale.client.discardPrepared();
    return opened;
  };
  const ahead = (): void => void opened.client.prepare(PREPARED_QUERIES, context.random);
  ahead();
  return {
    ...opened.product,
    async lookup(key, options = {}) {
      const asked = opened;
      try {
        return await lookupKey(context, asked, key, options);
      } catch (error) {
        if (!isSluiceError(error, "ERR_SNAPSHOT")) throw error;
        return await lookupKey(context, await reopened(asked), key, options);
      } finally {
        ahead();
      }
    },
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
  const started = await asClient(() => client.start(key, context.random));
  const evaluation = await callOnce(context, useOf(product, "lookup.evaluate", 1), started.frame, options);
  const query = await asClient(() => started.evaluated(evaluation.frame));
  try {
    const answer = await callOnce(context, useOf(product, "lookup.query", 1), query.frame, options);
    const payload = await asClient(() => query.finish(answer.frame));
    const record = payload === null ? null : { label: labelOf(payload, product.snapshot.vocabulary) };
    return { record, receipts: [evaluation.receipt, answer.receipt], snapshotHash: product.snapshotHash };
  } finally {
    query.discard();
  }
}

function labelOf(payload: Bytes, vocabulary: readonly string[]): string {
  const label = vocabulary[decodeLabelRecord(payload)];
  if (label === undefined) throw refusal("ERR_LOOKUP_CORRUPT");
  return label;
}

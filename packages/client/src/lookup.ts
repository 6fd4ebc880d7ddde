/** Private lookup (匿踪查询): the label of one key, which neither gateway nor domain learns. Each lookup makes
 *  the same two calls, whether the key is there or not.
 *  @module */
import { verifySigned } from "@sluice/evidence/verify";
import { LookupClient } from "@sluice/mpc/lookup/client";
import {
  decodeLabelRecord,
  documentHash,
  isSluiceError,
  Product,
  sha256Hex,
  SignedSnapshot,
  type Bytes,
  type EvidencedReceipt,
  type LookupSnapshot,
  type Sha256Hex,
} from "@sluice/protocol";
import type { CallOptions } from "./options.ts";
import { callOnce, type ProductionContext, type ProductionUse } from "./production-call.ts";
import { asClient, refusal, throwIfCancelled } from "./refusal.ts";

/** Largest hint that is fetched, in bytes. */
const MAX_HINT_BYTES = 256 * 1_048_576;

/** What a lookup yields. */
export interface LookupResult {
  /** The label, or null when the product holds no such key. */
  readonly record: { readonly label: string } | null;
  /** Receipts of the evaluation and of the query, in this order. */
  readonly receipts: readonly EvidencedReceipt[];
}

/** One product at one snapshot. It holds memory only; fetch a new one when the domain answers ERR_SNAPSHOT. */
export interface LookupHandle {
  readonly snapshot: LookupSnapshot;
  readonly snapshotHash: Sha256Hex;
  /** The label of `key`, a UTF-8 string used exactly as given.
   *  @throws ERR_RECEIPT, ERR_ANSWER_ALTERED, ERR_OPRF_PROOF, ERR_LOOKUP_CORRUPT, ERR_CANCELLED, and refusals of the peers */
  lookup(key: string, options?: CallOptions): Promise<LookupResult>;
}

/** Fetches and checks what a product serves: the snapshot is signed by the domain's pinned key and is bound to the
 *  product the gateway lists; the hint has the hash that the snapshot names.
 *  @throws ERR_SIGNATURE, ERR_RECEIPT, ERR_LOOKUP_CORRUPT, ERR_NOT_FOUND, and transport errors */
export async function openLookup(
  context: ProductionContext,
  name: string,
  { signal }: CallOptions = {},
): Promise<LookupHandle> {
  const base = `/v1/products/${encodeURIComponent(name)}`;
  const product = await context.transport.json({ method: "GET", path: base, signal }, Product);
  const signed = await context.transport.json({ method: "GET", path: `${base}/snapshot`, signal }, SignedSnapshot);
  await checkSnapshot(context, name, product, signed);
  const snapshot = signed.body;
  const snapshotHash = await documentHash(snapshot);
  const hint = await fetchHint(context, `${base}/snapshots/${snapshotHash}/hint`, snapshot, signal);
  const client = await asClient(() => LookupClient.open({ snapshot, snapshotHash, hint }));
  return {
    snapshot,
    snapshotHash,
    lookup: (key, options = {}) => lookupKey(context, { client, snapshot, snapshotHash }, key, options),
  };
}

async function checkSnapshot(
  context: ProductionContext,
  name: string,
  product: Product,
  signed: SignedSnapshot,
): Promise<void> {
  const { body } = signed;
  const pins = Object.hasOwn(context.trust.domains, body.domain) ? context.trust.domains[body.domain] : undefined;
  if (pins === undefined)
    throw refusal("ERR_SIGNATURE", { type: "snapshot", signer: `no key is pinned for its domain` });
  try {
    await verifySigned(signed, { required: [[pins.receiptKey]] });
  } catch (error) {
    if (isSluiceError(error)) throw refusal(error.code, error.details, error);
    throw error;
  }
  if (body.product !== name || product.product !== name) throw unbound("product");
  for (const member of ["domain", "version", "grant", "bundle", "release"] as const) {
    if (body[member] !== product[member]) throw unbound(member);
  }
}

function unbound(member: string): Error {
  return refusal("ERR_RECEIPT", { reason: `the ${member} of the signed snapshot is not the product's` });
}

async function fetchHint(
  context: ProductionContext,
  path: string,
  snapshot: LookupSnapshot,
  signal: AbortSignal | undefined,
): Promise<Bytes> {
  if (snapshot.hintBytes > MAX_HINT_BYTES) {
    throw refusal("ERR_FRAME_TOO_LARGE", { sizeBytes: snapshot.hintBytes, maxBytes: MAX_HINT_BYTES });
  }
  const headers = { accept: "application/octet-stream" };
  const hint = await context.transport.bytes({ method: "GET", path, headers, signal }, snapshot.hintBytes);
  if (hint.length !== snapshot.hintBytes || (await sha256Hex(hint)) !== snapshot.hint) {
    throw refusal("ERR_RECEIPT", { reason: "the hint is not the one that the snapshot names" });
  }
  return hint;
}

interface OpenSnapshot {
  readonly client: LookupClient;
  readonly snapshot: LookupSnapshot;
  readonly snapshotHash: Sha256Hex;
}

async function lookupKey(
  context: ProductionContext,
  { client, snapshot, snapshotHash }: OpenSnapshot,
  key: string,
  options: CallOptions,
): Promise<LookupResult> {
  throwIfCancelled(options.signal);
  const { domain, grant, product, version, bundle, release, sealKey } = snapshot;
  const use = (operation: ProductionUse["operation"]): ProductionUse => {
    return {
      operation,
      domain,
      grant,
      product,
      version,
      bundle,
      release,
      snapshot: snapshotHash,
      sealKey,
      amount: "1",
    };
  };
  const started = await asClient(() => client.start(key, context.random));
  const evaluation = await callOnce(context, use("lookup.evaluate"), started.frame, options);
  const query = await asClient(() => started.evaluated(evaluation.frame));
  try {
    const answer = await callOnce(context, use("lookup.query"), query.frame, options);
    const payload = await asClient(() => query.finish(answer.frame));
    const record = payload === null ? null : { label: labelOf(payload, snapshot.vocabulary) };
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

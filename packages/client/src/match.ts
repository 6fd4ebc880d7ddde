/** Matching (求交，得交集): which entries of a list are in a product's set. The caller learns these and the padded size of the
 *  set; domain and gateway learn the padded size of the list, not an entry and not a match.
 *  @module */
import { PsiIdsReceiver } from "@sluice/mpc/psi/receiver";
import {
  encodedPsiFilterBytes,
  isPsiFilter,
  isPsiTransfer,
  isSluiceError,
  type Bytes,
  type EvidencedReceipt,
  type PsiFilterParameters,
  type PsiSnapshot,
  type Sha256Hex,
} from "@sluice/protocol";
import { callWithList, type ListCallOptions } from "./list-call.ts";
import type { CallOptions } from "./options.ts";
import { fetchPart, openProduct, type ProductHandle } from "./product-handle.ts";
import type { ProductionContext } from "./production-call.ts";
import { asClient, refusal } from "./refusal.ts";
import { matchByTransfer } from "./transfer-match.ts";

/** What matching yields. */
export interface MatchResult {
  /** The distinct entries of the list that are in the set, in the order of the list. One that is not is among them with
   *  probability 2^-32. */
  readonly found: string[];
  readonly receipt: EvidencedReceipt;
  /** Hash of the snapshot that answered: another than the handle was opened with, once the product was updated. */
  readonly snapshotHash: Sha256Hex;
}

/** A product of the form `psi-ids`, at the snapshot that it served when it was opened; a list after an update fetches the new one. */
export interface MatchHandle extends ProductHandle<PsiSnapshot> {
  /** Matches a list of UTF-8 strings used exactly as given; a repeated entry is asked, and paid for, once. When the domain does not
   *  serve the handle's snapshot any more, the present one is opened, and of it only the filters that are new are fetched.
   *  @throws ERR_PSI_SET_TOO_LARGE, ERR_OPRF_INPUT, ERR_OPRF_ELEMENT, ERR_OPRF_PROOF, ERR_RECEIPT, ERR_ANSWER_ALTERED,
   *  ERR_CANCELLED, and refusals of the peers */
  match(list: Iterable<string>, options?: ListCallOptions): Promise<MatchResult>;
}

/** A snapshot that can be asked. */
interface Opened {
  readonly product: ProductHandle<PsiSnapshot>;
  /** Holds what was fetched; null where nothing is, and each list is a session. */
  readonly receiver: PsiIdsReceiver | null;
}

/** Opens a product of the form `psi-ids`; its filters have the hashes and sizes that the signed snapshot names.
 *  @throws ERR_FRAME_MALFORMED, and what `openProduct` throws */
export async function openMatch(
  context: ProductionContext,
  name: string,
  options: CallOptions = {},
): Promise<MatchHandle> {
  let opened = await openSnapshot(context, name, null, options);
  let opening: Promise<Opened> | undefined;
  // Lists that are told so at the same time share one opening.
  const reopened = async (stale: Opened): Promise<Opened> => {
    if (opened !== stale) return opened;
    // Not ended by the signal of one of them.
    opening ??= openSnapshot(context, name, stale, {}).finally(() => (opening = undefined));
    opened = await opening;
    return opened;
  };
  return {
    ...opened.product,
    async match(list, options = {}) {
      const entries = [...list];
      const asked = opened;
      try {
        return await matchList(context, asked, entries, options);
      } catch (error) {
        if (!isSluiceError(error, "ERR_SNAPSHOT")) throw error;
        return await matchList(context, await reopened(asked), entries, options);
      }
    },
  };
}

async function openSnapshot(
  context: ProductionContext,
  name: string,
  before: Opened | null,
  { signal }: CallOptions,
): Promise<Opened> {
  const product = await openProduct(context, name, "psi-ids", { signal });
  if (before !== null && Date.parse(product.snapshot.at) < Date.parse(before.product.snapshot.at)) {
    throw refusal("ERR_RECEIPT", { reason: "the snapshot is older than the one before" });
  }
  if (isPsiTransfer(product.snapshot.parameters)) {
    return { product, receiver: null };
  }
  const parameters = filterParameters(product.snapshot);
  const delta = await fetchDelta(context, product, parameters, signal);
  const receiver = before?.receiver ?? null;
  if (receiver?.holds(parameters.base) === true) {
    return { product, receiver: await asClient(() => receiver.reopen({ ...product, delta })) };
  }
  const sizeBytes = encodedPsiFilterBytes(parameters.base);
  const set = await fetchPart(context, product, "set", { sizeBytes, signal });
  return { product, receiver: await asClient(() => PsiIdsReceiver.open({ ...product, set, delta })) };
}

async function fetchDelta(
  context: ProductionContext,
  product: ProductHandle<PsiSnapshot>,
  { delta }: PsiFilterParameters,
  signal: AbortSignal | undefined,
): Promise<Bytes | undefined> {
  if (delta === undefined) return undefined;
  const sizeBytes = encodedPsiFilterBytes(delta.added) + encodedPsiFilterBytes(delta.removed);
  return await fetchPart(context, product, "delta-set", { sizeBytes, signal });
}

async function matchList(
  context: ProductionContext,
  { product, receiver }: Opened,
  entries: readonly string[],
  options: ListCallOptions,
): Promise<MatchResult> {
  if (receiver === null) {
    return { ...(await matchByTransfer(context, product, entries, options)), snapshotHash: product.snapshotHash };
  }
  const { random } = context;
  const call = await callWithList(context, product, (pass) => receiver.start(entries, { ...pass, random }), options);
  return { found: call.result, receipt: call.receipt, snapshotHash: product.snapshotHash };
}

function filterParameters({ parameters, product }: PsiSnapshot): PsiFilterParameters {
  if (isPsiFilter(parameters)) return parameters;
  throw refusal("ERR_STATE", { kind: "product", name: product, state: parameters.kind, needed: "psi-ids" });
}

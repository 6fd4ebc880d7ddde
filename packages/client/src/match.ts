/** Matching (求交，得交集): which entries of a list are in a product's set. The caller learns these and the padded size of the
 *  set; domain and gateway learn the padded size of the list, not an entry and not a match.
 *  @module */
import { PsiIdsReceiver } from "@sluice/mpc/psi/receiver";
import {
  encodedPsiFilterBytes,
  isPsiFilter,
  isPsiTransfer,
  isSluiceError,
  MAX_PSI_LIST_ITEMS,
  MAX_PSI_TRANSFER_SIDE_ITEMS,
  type Bytes,
  type EvidencedReceipt,
  type JoinKeys,
  type PsiFilterParameters,
  type PsiSnapshot,
  type Sha256Hex,
} from "@sluice/protocol";
import {
  askRows,
  invalidKeys,
  listSource,
  rowSource,
  type AskedSource,
  type InvalidKey,
  type JoinColumns,
  type JoinRow,
  type KeyOptions,
} from "./asked-rows.ts";
import { unusable } from "./call-journal.ts";
import { callWithList, type ListCallOptions } from "./list-call.ts";
import type { CallOptions } from "./options.ts";
import { fetchPart, openProduct, type ProductHandle } from "./product-handle.ts";
import type { ProductionContext } from "./production-call.ts";
import { asClient, refusal } from "./refusal.ts";
import { matchByTransfer } from "./transfer-match.ts";

/** What matching yields. */
export interface MatchResult {
  /** The distinct entries of the list that are in the set, as they were given and in the order of the list. One that is not is among
   *  them with probability 2^-32. */
  readonly found: string[];
  /** Entries that are none of the key's type, where they are skipped. */
  readonly skipped: readonly InvalidKey[];
  readonly receipt: EvidencedReceipt;
  /** Hash of the snapshot that answered: another than the handle was opened with, once the product was updated. */
  readonly snapshotHash: Sha256Hex;
}

/** What a join yields: what an inner join, a semi-join or an anti-join of the rows is made from. */
export interface JoinResult extends Omit<MatchResult, "found"> {
  /** For each row the keys of the set by which it matches, as bits: 1 for the first, 2 for the second, 4, 8; 0 for a row that matches by
   *  none, or has none. */
  readonly matches: Uint8Array;
  /** Distinct entries that were asked. */
  readonly asked: number;
}

/** Options of a list. */
export interface MatchOptions extends ListCallOptions, KeyOptions {}

/** Options of rows. */
export interface JoinOptions extends MatchOptions {
  /** Columns named as the set's unless given. */
  readonly on?: JoinColumns | undefined;
}

/** A product of the form `psi-ids`, at the snapshot that it served when it was opened; a list after an update fetches the new one. */
export interface MatchHandle extends ProductHandle<PsiSnapshot> {
  /** Matches a list with a set that has one key of one part. Where the snapshot names its type, entries are brought into canonical form
   *  first; otherwise they are UTF-8 strings used exactly as given. Equal entries are asked, and paid for, once. When the domain does not
   *  serve the handle's snapshot any more, the present one is opened, and of it only the filters that are new are fetched.
   *  @throws ERR_JOIN_KEY, ERR_JOIN_COLUMNS, ERR_PSI_SET_TOO_LARGE, ERR_OPRF_ELEMENT, ERR_OPRF_PROOF, ERR_RECEIPT, ERR_ANSWER_ALTERED,
   *  ERR_CANCELLED, and refusals of the peers */
  match(list: Iterable<string>, options?: MatchOptions): Promise<MatchResult>;
  /** Joins rows with a set, by any of its keys. A row with a NULL in a key is not asked by it. @throws as `match` does */
  join(rows: readonly JoinRow[], options?: JoinOptions): Promise<JoinResult>;
  /** The entries of a list, or the rows, that `match` or `join` would refuse. Nothing is sent. @throws ERR_JOIN_COLUMNS, ERR_CANCELLED */
  check(list: Iterable<string>, options?: CallOptions): Promise<readonly InvalidKey[]>;
  checkRows(rows: readonly JoinRow[], options?: JoinOptions): Promise<readonly InvalidKey[]>;
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
  const joined = async (source: SourceOf, options: MatchOptions): Promise<JoinResult> => {
    const asked = opened;
    try {
      return await joinSource(context, asked, source, options);
    } catch (error) {
      if (!isSluiceError(error, "ERR_SNAPSHOT")) throw error;
      return await joinSource(context, await reopened(asked), source, options);
    }
  };
  return {
    ...opened.product,
    async match(list, options = {}) {
      const entries = [...list];
      const source = (keys: JoinKeys | undefined): AskedSource => listSource(entries, keys);
      const { matches, asked: _, ...answered } = await joined(source, options);
      const found = new Set(entries.filter((_, i) => matches[i] !== 0));
      return { ...answered, found: [...found] };
    },
    join: (rows, options = {}) => joined((keys) => rowSource(rows, keys, options.on), options),
    check: async (list, { signal } = {}) => {
      const { keys } = opened.product.snapshot.parameters;
      return await invalidKeys(listSource([...list], keys), keys, signal);
    },
    checkRows: async (rows, { on, signal } = {}) => {
      const { keys } = opened.product.snapshot.parameters;
      return await invalidKeys(rowSource(rows, keys, on), keys, signal);
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

/** What is asked under the keys of a snapshot: a later one may have others. */
type SourceOf = (keys: JoinKeys | undefined) => AskedSource;

async function joinSource(
  context: ProductionContext,
  opened: Opened,
  source: SourceOf,
  options: MatchOptions,
): Promise<JoinResult> {
  const { keys } = opened.product.snapshot.parameters;
  const maxItems = opened.receiver === null ? MAX_PSI_TRANSFER_SIDE_ITEMS : MAX_PSI_LIST_ITEMS["psi-ids"];
  const asked = await askRows(source(keys), { keys, maxItems }, options);
  const { found, ...answered } = await matchEntries(context, opened, asked.entries, options);
  const { skipped, entries } = asked;
  return { matches: asked.matches(found), asked: entries.length, skipped, ...answered };
}

async function matchEntries(
  context: ProductionContext,
  { product, receiver }: Opened,
  entries: readonly string[],
  options: ListCallOptions,
): Promise<Pick<MatchResult, "found" | "receipt" | "snapshotHash">> {
  if (receiver === null) return await matchByTransfer(context, product, entries, options);
  if (options.journal !== undefined) throw unusable("the product is asked in one message, which is its own retry");
  const { random } = context;
  const call = await callWithList(context, product, (pass) => receiver.start(entries, { ...pass, random }), options);
  return { found: call.result, receipt: call.receipt, snapshotHash: product.snapshotHash };
}

function filterParameters({ parameters, product }: PsiSnapshot): PsiFilterParameters {
  if (isPsiFilter(parameters)) return parameters;
  throw refusal("ERR_STATE", { kind: "product", name: product, state: parameters.kind, needed: "psi-ids" });
}

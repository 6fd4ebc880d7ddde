/** Receiver of private set intersection, variant ids, method filter: the caller learns which entries of its list are in the domain's
 *  set. The domain evaluates the blinded list as a verifiable OPRF (RFC 9497, ristretto255-SHA512); outputs are looked up in filters
 *  that the caller fetched beforehand, one request and one answer.
 *
 *  Who learns what: the caller learns the intersection, the padded size of the domain's set, and in steps how much of it has changed
 *  since the base. The domain and everyone between learn the padded size of the list and when it was asked; the answer is as
 *  long for many matches as for none.
 *  Assumption: every entry is blinded by its own uniform scalar, so the domain learns nothing of it whatever it does and
 *  whatever it can compute. The domain's set stays hidden under one-more gap Diffie-Hellman and a random oracle.
 *  A match is a hit of a 32-bit fingerprint: an entry that is not in the set hits a filter with probability 2^-32, so that of 10,000 entries
 *  one is found wrongly in one of 400,000 lists. An entry of the base hits the filter of what was removed as rarely, and is then missed.
 *  A cheating domain cannot answer under another key, not even at chosen positions: a proof over each batch is verified against the
 *  key of the signed snapshot before any output is used. It can leave entries out of its filters, or put others in: for every caller
 *  of the snapshot alike. What a caller does after an answer is visible.
 *  A cheating caller learns of one string per element that it pays for whether it is in the set: its padding too can be
 *  strings, and the quota of elements is the only defence against trying every identity number. It can keep an
 *  output and test it against every later snapshot of the same epoch.
 *  No `node:` import: runs in Node and in browsers.
 *  @see https://www.rfc-editor.org/rfc/rfc9497
 *  @module */
import {
  decodePsiIdsAnswer,
  encodedPsiFilterBytes,
  isPsiFilter,
  encodePsiQuery,
  fromHex,
  padPsiItems,
  SluiceError,
  type Bytes,
  type PsiFilterParameters,
  type PsiFilterTable,
  type PsiSnapshot,
  type Sha256Hex,
} from "@sluice/protocol";
import { listClient, OPRF_OUTPUT_BYTES, type BlindedList, type ListClient } from "../oprf/list-client.ts";
import { systemRandom } from "../random.ts";
import { PinnedFilter } from "./filter/pinned-filter.ts";
import { FILTER_KEY_BYTES } from "./filter/shape.ts";
import type { PsiPassOptions } from "./pass.ts";
import { checkSnapshot, distinctEntries, OnceOnly, type PsiQueryOptions } from "./receiver-list.ts";

/** A list on its way: send `frame`, give the answer to `finish`. */
export interface PsiIdsQuery {
  /** PsiQuery of a padded number of elements. */
  readonly frame: Bytes;
  /** That number. */
  readonly paddedItems: number;
  /** Takes the PsiIdsAnswer: the entries that are in the domain's set, in the order of the list. Works once.
   *  @throws ERR_FRAME_MALFORMED, ERR_OPRF_ELEMENT, ERR_OPRF_PROOF, ERR_STATE, ERR_CANCELLED */
  finish(frame: Bytes, options?: PsiPassOptions): Promise<string[]>;
  /** Drops the blinds of a query that will not be finished. */
  discard(): void;
}

/** A snapshot with the filters that it pins. */
export interface PsiIdsSource {
  readonly snapshot: PsiSnapshot;
  readonly snapshotHash: Sha256Hex;
  /** PsiFilter of the base. */
  readonly set: Bytes;
  /** Of a snapshot with a delta: PsiFilter of what was added, then of what was removed. */
  readonly delta?: Bytes | undefined;
}

interface Filters {
  readonly base: PinnedFilter;
  readonly delta: { readonly added: PinnedFilter; readonly removed: PinnedFilter } | null;
}

/** Asks one snapshot. */
export class PsiIdsReceiver {
  readonly snapshot: PsiSnapshot;
  readonly snapshotHash: Sha256Hex;
  readonly #publicKey: Bytes;
  readonly #filters: Filters;

  private constructor(snapshot: PsiSnapshot, snapshotHash: Sha256Hex, publicKey: Bytes, filters: Filters) {
    this.snapshot = snapshot;
    this.snapshotHash = snapshotHash;
    this.#publicKey = publicKey;
    this.#filters = filters;
  }

  /** Checks filters and hash against the snapshot, whose signature the caller has verified.
   *  @throws ERR_RECEIPT when a hash does not match, or a filter is missing; ERR_STATE when the product is of another variant or method;
   *  ERR_FRAME_MALFORMED when a filter is not well-formed. */
  static async open(source: PsiIdsSource): Promise<PsiIdsReceiver> {
    const { base } = await checkedParameters(source);
    return await PsiIdsReceiver.#open(source, await PinnedFilter.open(base, source.set));
  }

  /** Whether this one holds the base of a table already. */
  holds(table: PsiFilterTable): boolean {
    return JSON.stringify(table) === JSON.stringify(this.#filters.base.table);
  }

  /** Asks another snapshot with the same base. @throws as `open` does; ERR_RECEIPT when the base is another */
  async reopen(source: Omit<PsiIdsSource, "set">): Promise<PsiIdsReceiver> {
    const { base } = await checkedParameters(source);
    if (!this.holds(base)) throw new SluiceError("ERR_RECEIPT", { reason: "the snapshot has another base" });
    return await PsiIdsReceiver.#open(source, this.#filters.base);
  }

  static async #open(source: Omit<PsiIdsSource, "set">, base: PinnedFilter): Promise<PsiIdsReceiver> {
    const { snapshot, snapshotHash, delta: bytes } = source;
    const { oprfPublicKey, delta: tables } = await checkedParameters(source);
    let delta: Filters["delta"] = null;
    if (tables !== undefined) {
      if (bytes === undefined)
        throw new SluiceError("ERR_RECEIPT", { reason: "the snapshot has a delta that is missing" });
      const split = encodedPsiFilterBytes(tables.added);
      const added = await PinnedFilter.open(tables.added, bytes.subarray(0, split));
      delta = { added, removed: await PinnedFilter.open(tables.removed, bytes.subarray(split)) };
    }
    return new PsiIdsReceiver(snapshot, snapshotHash, fromHex(oprfPublicKey), { base, delta });
  }

  /** Blinds a list; an entry that occurs twice is asked once.
   *  @throws ERR_PSI_SET_TOO_LARGE, ERR_OPRF_INPUT, ERR_CANCELLED */
  async start(list: Iterable<string>, options: PsiQueryOptions = {}): Promise<PsiIdsQuery> {
    const { random = systemRandom } = options;
    const { entries, bytes } = distinctEntries(list, "psi-ids");
    const client = await listClient();
    const paddedItems = padPsiItems(entries.length);
    const blinded = await client.blindList(bytes, paddedItems, random, options);
    const { elements } = blinded;
    const once = new OnceOnly({ client, entries, bytes, blinded });
    return {
      frame: encodePsiQuery({ snapshot: fromHex(this.snapshotHash), elements }),
      paddedItems,
      finish: async (frame, pass = {}) => this.#intersect(once.take(), frame, pass),
      discard: () => {
        blinded.blinds.wipe();
        once.drop();
      },
    };
  }

  async #intersect(
    asked: {
      readonly client: ListClient;
      readonly entries: string[];
      readonly bytes: Bytes[];
      readonly blinded: BlindedList;
    },
    frame: Bytes,
    pass: PsiPassOptions,
  ): Promise<string[]> {
    const { client, entries, bytes: inputs, blinded: list } = asked;
    let outputs: Bytes;
    try {
      const { elements: evaluated, proofs } = decodePsiIdsAnswer(frame);
      if (evaluated.length !== list.elements.length) {
        throw new SluiceError("ERR_FRAME_MALFORMED", { field: "elements", expected: "as many as were sent" });
      }
      const publicKey = this.#publicKey;
      outputs = await client.finalizeList({ inputs, list, evaluated, proofs, publicKey }, pass);
    } finally {
      list.blinds.wipe();
    }
    const found = entries.filter((_, i) => {
      const at = i * OPRF_OUTPUT_BYTES;
      return this.#isMember(outputs.subarray(at, at + FILTER_KEY_BYTES));
    });
    outputs.fill(0);
    return found;
  }

  #isMember(key: Bytes): boolean {
    const { base, delta } = this.#filters;
    if (delta === null) return base.has(key);
    return delta.added.has(key) || (base.has(key) && !delta.removed.has(key));
  }
}

async function checkedParameters({
  snapshot,
  snapshotHash,
}: Pick<PsiIdsSource, "snapshot" | "snapshotHash">): Promise<PsiFilterParameters> {
  await checkSnapshot(snapshot, snapshotHash, "psi-ids");
  const { parameters } = snapshot;
  if (!isPsiFilter(parameters)) {
    const { product: name } = snapshot;
    throw new SluiceError("ERR_STATE", { kind: "product", name, state: "transfer", needed: "filter" });
  }
  return parameters;
}

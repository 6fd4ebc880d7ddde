/** Receiver of private set intersection, variant ids: the caller learns which entries of its list are in the domain's set.
 *  Diffie-Hellman blinding in ristretto255 over a set that was published beforehand, one request and one answer.
 *
 *  Who learns what: the caller learns the intersection and the padded size of the domain's set. The domain and everyone
 *  between learn the padded size of the list and when it was asked; the answer is as long for many matches as for none.
 *  Assumption: every entry is blinded by its own uniform scalar, so the domain learns nothing of it whatever it does and
 *  whatever it can compute. The domain's set stays hidden under one-more-Diffie-Hellman and a random oracle; correct
 *  results need an honest domain (semi-honest).
 *  A cheating domain can answer wrongly, also for chosen positions, and so hide matches; it cannot aim at an entry that
 *  it does not see, nor make one match whose tag is not in the pinned set. What a caller does after an answer is visible.
 *  A cheating caller learns of one string per element that it pays for whether it is in the set: its padding too can be
 *  strings, and the quota of elements is the only defence against trying every identity number. It can keep an
 *  evaluated string and test it against every later snapshot of the same identity.
 *  No `node:` import: runs in Node and in browsers.
 *  @see https://doi.org/10.1145/336992.337012 (Huberman, Franklin, Hogg, 1999)
 *  @module */
import {
  decodePsiIdsAnswer,
  decodePsiSet,
  ELEMENT_BYTES,
  encodePsiQuery,
  fromHex,
  padPsiItems,
  PSI_TAG_BYTES,
  sha256Hex,
  SluiceError,
  type Bytes,
  type PsiSnapshot,
  type Sha256Hex,
} from "@sluice/protocol";
import { systemRandom } from "../random.ts";
import {
  blindEntry,
  eachInBatches,
  invertAll,
  randomElement,
  randomScalar,
  unblindAt,
  type PsiPassOptions,
  type Scalar,
} from "./blinding.ts";
import { psiContext, psiIdentity } from "./identity.ts";
import { checkSnapshot, distinctEntries, OnceOnly, type PsiQueryOptions } from "./receiver-list.ts";
import { hasTag, tagOf } from "./tags.ts";

/** A list on its way: send `frame`, give the answer to `finish`. */
export interface PsiIdsQuery {
  /** PsiQuery of a padded number of elements. */
  readonly frame: Bytes;
  /** That number. */
  readonly paddedItems: number;
  /** Takes the PsiIdsAnswer: the entries that are in the domain's set, in the order of the list. Works once.
   *  @throws ERR_FRAME_MALFORMED, ERR_OPRF_ELEMENT, ERR_STATE, ERR_CANCELLED */
  finish(frame: Bytes, options?: PsiPassOptions): Promise<string[]>;
  /** Drops the blinds of a query that will not be finished. */
  discard(): void;
}

/** Asks one snapshot. */
export class PsiIdsReceiver {
  readonly snapshot: PsiSnapshot;
  readonly snapshotHash: Sha256Hex;
  readonly #tags: Bytes;
  readonly #context: Bytes;

  private constructor(snapshot: PsiSnapshot, snapshotHash: Sha256Hex, tags: Bytes) {
    this.snapshot = snapshot;
    this.snapshotHash = snapshotHash;
    this.#tags = tags;
    this.#context = psiContext(psiIdentity(snapshot));
  }

  /** Checks the downloaded set and the hash against the snapshot, whose signature the caller has verified.
   *  @throws ERR_RECEIPT when a hash does not match; ERR_STATE when the product is of the other variant;
   *  ERR_FRAME_MALFORMED when the set is not well-formed. */
  static async open(source: {
    readonly snapshot: PsiSnapshot;
    readonly snapshotHash: Sha256Hex;
    /** PsiSet. */
    readonly set: Bytes;
  }): Promise<PsiIdsReceiver> {
    const { snapshot, snapshotHash, set } = source;
    await checkSnapshot(snapshot, snapshotHash, "psi-ids");
    if ((await sha256Hex(set)) !== snapshot.parameters.set) {
      throw new SluiceError("ERR_RECEIPT", { reason: "the set is not the one the snapshot names" });
    }
    const { tags } = decodePsiSet(set);
    if (tags.length !== snapshot.parameters.paddedItems * PSI_TAG_BYTES) {
      throw new SluiceError("ERR_RECEIPT", { reason: "the set has another size than the snapshot says" });
    }
    return new PsiIdsReceiver(snapshot, snapshotHash, tags);
  }

  /** Blinds a list; an entry that occurs twice is asked once.
   *  @throws ERR_PSI_SET_TOO_LARGE, ERR_OPRF_INPUT, ERR_CANCELLED */
  async start(list: Iterable<string>, options: PsiQueryOptions = {}): Promise<PsiIdsQuery> {
    const { random = systemRandom } = options;
    const { entries, bytes } = distinctEntries(list);
    const scalars: Scalar[] = [];
    const paddedItems = padPsiItems(entries.length);
    const elements = new Uint8Array(paddedItems * ELEMENT_BYTES);
    await eachInBatches(paddedItems, options, (i) =>
      elements.set(this.#element(bytes[i], scalars, random), i * ELEMENT_BYTES),
    );
    const blinded = new OnceOnly({ entries, scalars });
    return {
      frame: encodePsiQuery({ snapshot: fromHex(this.snapshotHash), elements }),
      paddedItems,
      finish: async (frame, pass = {}) => this.#intersect(blinded.take(), elements.length, frame, pass),
      discard: () => blinded.drop(),
    };
  }

  #element(entry: Bytes | undefined, scalars: Scalar[], random: NonNullable<PsiQueryOptions["random"]>): Bytes {
    if (entry === undefined) return randomElement(random);
    const scalar = randomScalar(random);
    scalars.push(scalar);
    return blindEntry(entry, scalar, this.#context);
  }

  async #intersect(
    { entries, scalars }: { entries: string[]; scalars: Scalar[] },
    expectedBytes: number,
    frame: Bytes,
    pass: PsiPassOptions,
  ): Promise<string[]> {
    const { elements } = decodePsiIdsAnswer(frame);
    if (elements.length !== expectedBytes) {
      throw new SluiceError("ERR_FRAME_MALFORMED", { field: "elements", expected: "as many as were sent" });
    }
    const inverses = invertAll(scalars);
    const found: string[] = [];
    await eachInBatches(elements.length / ELEMENT_BYTES, pass, (i) => {
      const element = unblindAt(elements, i, inverses[i]);
      const entry = entries[i];
      if (entry !== undefined && hasTag(this.#tags, tagOf(element, this.#context))) found.push(entry);
    });
    return found;
  }
}

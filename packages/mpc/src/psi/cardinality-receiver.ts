/** Receiver of private set intersection, variant cardinality: the caller learns how many entries of its list are in the
 *  domain's set, and not which. Diffie-Hellman blinding in ristretto255 with a shuffled answer, as in Google's
 *  private-join-and-compute; one request and one answer, nothing to download.
 *
 *  Who learns what: a caller that follows the protocol learns the count of matches and the padded size of the domain's
 *  set. Its elements come back under a key of this call alone and in sorted order, so neither one answer nor several
 *  together tell which entry matched (decisional Diffie-Hellman, random oracle). The domain and everyone between learn
 *  the padded size of the list, and when; not the count.
 *  Assumptions: decisional Diffie-Hellman for the list, which is blinded by one scalar; both sides semi-honest.
 *  A cheating domain can give a wrong count, in particular too low a one; it learns nothing of the list.
 *  A cheating caller gains what the variant ids gives: it blinds each entry by another scalar, tries them all on each
 *  element that comes back, and so learns which entry matched; a test shows it. The shuffle protects a result that an
 *  honest caller then keeps or passes on; against the caller itself the quota of elements is the bound.
 *  What a count tells by itself is not hidden either: of a list with one entry, or of two lists that differ by one.
 *  No `node:` import: runs in Node and in browsers.
 *  @see https://eprint.iacr.org/2019/723 (Ion et al.)
 *  @module */
import {
  decodePsiCardinalityAnswer,
  ELEMENT_BYTES,
  encodePsiQuery,
  fromHex,
  padPsiItems,
  PSI_TAG_BYTES,
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
export interface PsiCardinalityQuery {
  /** PsiQuery of a padded number of elements. */
  readonly frame: Bytes;
  /** Takes the PsiCardinalityAnswer: how many distinct entries are in the domain's set. Works once.
   *  @throws ERR_FRAME_MALFORMED, ERR_OPRF_ELEMENT, ERR_STATE, ERR_CANCELLED */
  finish(frame: Bytes, options?: PsiPassOptions): Promise<number>;
  /** Drops the blind of a query that will not be finished. */
  discard(): void;
}

/** Asks one snapshot. */
export class PsiCardinalityReceiver {
  readonly snapshot: PsiSnapshot;
  readonly snapshotHash: Sha256Hex;
  readonly #context: Bytes;

  private constructor(snapshot: PsiSnapshot, snapshotHash: Sha256Hex) {
    this.snapshot = snapshot;
    this.snapshotHash = snapshotHash;
    this.#context = psiContext(psiIdentity(snapshot));
  }

  /** Checks the hash against the snapshot, whose signature the caller has verified.
   *  @throws ERR_RECEIPT when the hash does not match; ERR_STATE when the product is of the other variant. */
  static async open(source: {
    readonly snapshot: PsiSnapshot;
    readonly snapshotHash: Sha256Hex;
  }): Promise<PsiCardinalityReceiver> {
    await checkSnapshot(source.snapshot, source.snapshotHash, "psi-cardinality");
    return new PsiCardinalityReceiver(source.snapshot, source.snapshotHash);
  }

  /** Blinds a list under a fresh scalar; an entry that occurs twice counts once.
   *  @throws ERR_PSI_SET_TOO_LARGE, ERR_OPRF_INPUT, ERR_CANCELLED */
  async start(list: Iterable<string>, options: PsiQueryOptions = {}): Promise<PsiCardinalityQuery> {
    const { random = systemRandom } = options;
    const { bytes } = distinctEntries(list);
    const scalar = randomScalar(random);
    const elements = new Uint8Array(padPsiItems(bytes.length) * ELEMENT_BYTES);
    await eachInBatches(elements.length / ELEMENT_BYTES, options, (i) => {
      const entry = bytes[i];
      const element = entry === undefined ? randomElement(random) : blindEntry(entry, scalar, this.#context);
      elements.set(element, i * ELEMENT_BYTES);
    });
    const blind = new OnceOnly(scalar);
    return {
      frame: encodePsiQuery({ kind: "psi-cardinality", snapshot: fromHex(this.snapshotHash), elements }),
      finish: async (frame, pass = {}) => this.#count(blind.take(), elements.length, frame, pass),
      discard: () => blind.drop(),
    };
  }

  async #count(scalar: Scalar, expectedBytes: number, frame: Bytes, pass: PsiPassOptions): Promise<number> {
    const { elements, tags } = decodePsiCardinalityAnswer(frame);
    if (elements.length !== expectedBytes) {
      throw new SluiceError("ERR_FRAME_MALFORMED", { field: "elements", expected: "as many as were sent" });
    }
    if (tags.length !== this.snapshot.parameters.paddedItems * PSI_TAG_BYTES) {
      throw new SluiceError("ERR_FRAME_MALFORMED", { field: "tags", expected: "as many as the snapshot says" });
    }
    const [inverse] = invertAll([scalar]);
    let count = 0;
    await eachInBatches(elements.length / ELEMENT_BYTES, pass, (i) => {
      if (hasTag(tags, tagOf(unblindAt(elements, i, inverse), this.#context))) count++;
    });
    return count;
  }
}

/** Receiver of private set intersection, variant cardinality: the caller learns about how many entries of its list are in the
 *  domain's set, and not which. Shuffled double blinding in ristretto255, as in Google's private-join-and-compute, with dummy
 *  matches; one request and one answer, nothing to download.
 *
 *  Who learns what: a caller that follows the protocol learns the number of matches plus noise, and the padded size of the
 *  domain's set. It never holds its entries under the domain's key: they come back under a key of this call alone, among
 *  dummies and in sorted order, so neither one answer nor several together tell which entry matched (decisional
 *  Diffie-Hellman, random oracle). Dummy matches are multiples of its own base, which no one can tell from matches. So all
 *  that its answers tell of one entry of the set is bounded by the sum of their ε, whatever lists it thinks of next.
 *  The domain and everyone between learn the padded size of the list, and when; not the count.
 *  Assumptions: decisional Diffie-Hellman for the list, which is blinded by one scalar; both sides honest but curious.
 *  A cheating domain can give a wrong count, in particular too low a one; it learns nothing of the list.
 *  A cheating caller gains what the variant ids gives: it blinds each entry by another scalar, or sends known multiples of one
 *  element, tries all of them on each element that comes back, and so learns which entries matched, without noise; tests
 *  show it. The domain cannot see it. Its quota, and the number of counts that its privacy budget pays for, are the bound.
 *  No `node:` import: runs in Node and in browsers.
 *  @see https://eprint.iacr.org/2019/723 (Ion et al.), https://doi.org/10.1007/978-3-642-35404-5_17 (De Cristofaro et al.)
 *  @module */
import {
  decodePsiCardinalityAnswer,
  ELEMENT_BYTES,
  encodePsiCardinalityQuery,
  expectedAnswerItems,
  fromHex,
  likelyCountError,
  padPsiItems,
  PSI_TAG_BYTES,
  SluiceError,
  type Bytes,
  type PsiCardinalityParameters,
  type PsiSnapshot,
  type Random,
  type Sha256Hex,
} from "@sluice/protocol";
import { systemRandom } from "../random.ts";
import { callerGroup, UNIFORM_BYTES, type CallerGroup } from "./caller-group.ts";
import { psiContext, psiIdentity } from "./identity.ts";
import { eachInBatches, type PsiPassOptions } from "./pass.ts";
import { checkSnapshot, distinctEntries, OnceOnly, type PsiQueryOptions } from "./receiver-list.ts";
import { hasTag, tagOf } from "./tags.ts";

/** Items between two looks at the signal: some 20 ms with libsodium. */
const BATCH_ITEMS = { libsodium: 128, noble: 16 } as const;

/** What a count says. */
export interface NoisyCount {
  /** The number of matches without the mean of the noise; from 0 to the length of the list. */
  readonly count: number;
  /** It is off by no more than this, */
  readonly maxError: number;
  /** and 19 times out of 20 by no more than this. */
  readonly likelyError: number;
  /** What it may tell of one entry of the domain's set, and what it cost: a decimal. */
  readonly epsilon: string;
}

/** A list on its way: send `frame`, give the answer to `finish`. */
export interface PsiCardinalityQuery {
  /** PsiCardinalityQuery of a padded number of elements. */
  readonly frame: Bytes;
  /** That number. */
  readonly paddedItems: number;
  /** Takes the PsiCardinalityAnswer: about how many distinct entries are in the domain's set. Works once.
   *  @throws ERR_FRAME_MALFORMED, ERR_OPRF_ELEMENT, ERR_STATE, ERR_CANCELLED */
  finish(frame: Bytes, options?: PsiPassOptions): Promise<NoisyCount>;
  /** Wipes the blind of a query that will not be finished. */
  discard(): void;
}

/** Asks one snapshot. */
export class PsiCardinalityReceiver {
  readonly snapshot: PsiSnapshot;
  readonly snapshotHash: Sha256Hex;
  readonly #parameters: PsiCardinalityParameters;
  readonly #context: Bytes;

  private constructor(snapshot: PsiSnapshot, snapshotHash: Sha256Hex, parameters: PsiCardinalityParameters) {
    this.snapshot = snapshot;
    this.snapshotHash = snapshotHash;
    this.#parameters = parameters;
    this.#context = psiContext(psiIdentity(snapshot));
  }

  /** Checks the hash against the snapshot, whose signature the caller has verified.
   *  @throws ERR_RECEIPT when the hash does not match; ERR_STATE when the product is of the other variant. */
  static async open(source: {
    readonly snapshot: PsiSnapshot;
    readonly snapshotHash: Sha256Hex;
  }): Promise<PsiCardinalityReceiver> {
    const { snapshot, snapshotHash } = source;
    await checkSnapshot(snapshot, snapshotHash, "psi-cardinality");
    if (snapshot.parameters.kind !== "psi-cardinality") throw new TypeError("the kind was checked");
    return new PsiCardinalityReceiver(snapshot, snapshotHash, snapshot.parameters);
  }

  /** Blinds a list under a fresh scalar; an entry that occurs twice counts once.
   *  @throws ERR_PSI_SET_TOO_LARGE, ERR_OPRF_INPUT, ERR_CANCELLED */
  async start(list: Iterable<string>, options: PsiQueryOptions = {}): Promise<PsiCardinalityQuery> {
    const { random = systemRandom } = options;
    const { bytes } = distinctEntries(list, "psi-cardinality");
    const group = await callerGroup();
    const scalar = freshScalar(group, random);
    const blind = new OnceOnly(scalar);
    const discard = (): void => {
      blind.drop();
      scalar.fill(0);
    };
    const paddedItems = padPsiItems(bytes.length);
    const elements = new Uint8Array(paddedItems * ELEMENT_BYTES);
    const put = (i: number): void => {
      const entry = bytes[i];
      const element = entry === undefined ? group.map(random.bytes(UNIFORM_BYTES)) : this.#blind(group, scalar, entry);
      elements.set(element, i * ELEMENT_BYTES);
    };
    try {
      await eachInBatches(paddedItems, options, put, BATCH_ITEMS[group.engine]);
    } catch (error) {
      discard();
      throw error;
    }
    const base = group.multiplyBase(scalar);
    return {
      frame: encodePsiCardinalityQuery({ snapshot: fromHex(this.snapshotHash), base, elements }),
      paddedItems,
      finish: async (frame, pass = {}) => {
        const taken = blind.take();
        try {
          return await this.#count(group, taken, { frame, paddedItems, entries: bytes.length }, pass);
        } finally {
          taken.fill(0);
        }
      },
      discard,
    };
  }

  /** @throws ERR_OPRF_INPUT when the entry hashes to the identity, which no one can bring about */
  #blind(group: CallerGroup, scalar: Bytes, entry: Bytes): Bytes {
    const element = group.multiply(scalar, group.hash(entry, this.#context));
    if (element === null) throw new SluiceError("ERR_OPRF_INPUT", { reason: "it does not map to a group element" });
    return element;
  }

  async #count(
    group: CallerGroup,
    scalar: Bytes,
    { frame, paddedItems, entries }: { frame: Bytes; paddedItems: number; entries: number },
    pass: PsiPassOptions,
  ): Promise<NoisyCount> {
    const { elements, tags } = decodePsiCardinalityAnswer(frame);
    const expected = expectedAnswerItems(this.#parameters, paddedItems);
    expectItems("elements", elements.length / ELEMENT_BYTES, expected.elements);
    expectItems("tags", tags.length / PSI_TAG_BYTES, expected.tags);
    const inverse = group.invert(scalar);
    let matches = 0;
    const look = (i: number): void => {
      const element = group.multiply(inverse, elements.subarray(i * ELEMENT_BYTES, (i + 1) * ELEMENT_BYTES));
      if (element === null) throw new SluiceError("ERR_OPRF_ELEMENT", { index: i });
      if (hasTag(tags, tagOf(element, this.#context))) matches++;
    };
    // Told in elements of the list, as the pass before.
    const onProgress: PsiPassOptions["onProgress"] = ({ done, total }) =>
      pass.onProgress?.({ done: Math.floor((done / total) * paddedItems), total: paddedItems });
    try {
      await eachInBatches(expected.elements, { ...pass, onProgress }, look, BATCH_ITEMS[group.engine]);
    } finally {
      inverse.fill(0);
    }
    const { noise } = this.#parameters;
    return {
      count: Math.min(Math.max(matches - noise.shift, 0), entries),
      maxError: noise.shift,
      likelyError: likelyCountError(noise),
      epsilon: noise.epsilon,
    };
  }
}

/** A fresh scalar other than zero: the bias is below 2^-250. */
function freshScalar(group: CallerGroup, random: Random): Bytes {
  for (;;) {
    const wide = random.bytes(UNIFORM_BYTES);
    const scalar = group.reduce(wide);
    wide.fill(0);
    if (scalar.some((byte) => byte !== 0)) return scalar;
  }
}

function expectItems(field: string, items: number, expected: number): void {
  if (items !== expected) throw new SluiceError("ERR_FRAME_MALFORMED", { field, expected: `${expected} of them` });
}

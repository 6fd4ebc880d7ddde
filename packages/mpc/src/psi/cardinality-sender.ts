/** Sender of private set intersection, variant cardinality: blinds the caller's list and its own set under a key of
 *  this call alone, and sorts both. Who learns what, and what a cheating party gains, stands in `cardinality-receiver.ts`.
 *
 *  Why a fresh key for each call: under a lasting key an entry would come back as the same element in every call, and
 *  a caller could intersect the answers to two of its lists. Why sorting: after an unknown fresh scalar the order of the
 *  bytes is uniform and independent of the order of the query, so it is a shuffle that leaves nothing to get wrong.
 *  The price is one multiplication per entry of the padded set for every call; hence the smaller limit on the set.
 *  Every call of one snapshot multiplies padding as well, so that its time shows the padded size only.
 *  @module */
import {
  concatBytes,
  ELEMENT_BYTES,
  encodePsiCardinalityAnswer,
  padPsiItems,
  PSI_TAG_BYTES,
  type Bytes,
  type Random,
  type Sha256Hex,
} from "@sluice/protocol";
import type { OprfKeyPair } from "../oprf/server.ts";
import { systemRandom } from "../random.ts";
import {
  blindEach,
  checkElements,
  freshScalar,
  multiplyEach,
  multiplyScalars,
  randomElements,
  sortItems,
  tagEach,
} from "./bulk.ts";
import { psiContext, type PsiIdentity } from "./identity.ts";
import { distinctOf, expectVariant, openQuery, type PsiSetSource } from "./sender-key.ts";

/** Blinds the set under the key of its identity: elements to keep inside the domain, sorted, 32 bytes each.
 *  @throws ERR_PSI_SET_TOO_LARGE, ERR_CANCELLED */
export async function prepareCardinalitySet(source: PsiSetSource): Promise<Bytes> {
  const { identity, key, random = systemRandom, signal } = source;
  expectVariant(identity, "psi-cardinality");
  const entries = distinctOf(source);
  const blinded = await blindEach(key.secret.reveal(), entries, psiContext(identity), signal);
  const padding = await randomElements(padPsiItems(entries.length) - entries.length, random);
  return sortItems(concatBytes(blinded, padding), ELEMENT_BYTES);
}

/** One call of a PSI product with cardinality. */
export interface CardinalityCall {
  readonly identity: PsiIdentity;
  readonly key: OprfKeyPair;
  /** What `prepareCardinalitySet` made. */
  readonly set: Bytes;
  /** Hash of the snapshot that is served. */
  readonly snapshot: Sha256Hex;
  /** PsiQuery. */
  readonly frame: Bytes;
  /** The key of this call is drawn from it. */
  readonly random?: Random;
  readonly signal?: AbortSignal | undefined;
}

/** The PsiCardinalityAnswer. Every element is checked before a key touches one.
 *  @throws ERR_FRAME_MALFORMED when the query is, or repeats an element; ERR_PSI_SET_TOO_LARGE; ERR_SNAPSHOT;
 *  ERR_OPRF_ELEMENT with the index of the first bad one; ERR_CANCELLED */
export async function answerCardinality(call: CardinalityCall): Promise<Bytes> {
  const { identity, key, set, snapshot, frame, random = systemRandom, signal } = call;
  expectVariant(identity, "psi-cardinality");
  const query = openQuery(frame, snapshot, identity);
  await checkElements(query.elements, signal);
  const fresh = await freshScalar(random);
  // The set is already multiplied by the key of the identity.
  const both = multiplyScalars(fresh, key.secret.reveal());
  try {
    const elements = await multiplyEach(both, query.elements, signal);
    const tags = await tagEach(await multiplyEach(fresh, set, signal), psiContext(identity), signal);
    return encodePsiCardinalityAnswer({
      elements: sortItems(elements, ELEMENT_BYTES),
      tags: sortItems(tags, PSI_TAG_BYTES),
    });
  } finally {
    fresh.fill(0);
    both.fill(0);
  }
}

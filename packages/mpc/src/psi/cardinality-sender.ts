/** Sender of private set intersection, variant cardinality: blinds the caller's list and its own set under a key of this call
 *  alone, adds dummies to both, and sorts both. Who learns what, and what a cheating party gains, stands in
 *  `cardinality-receiver.ts`.
 *
 *  Why a fresh key for each call: under a lasting key an entry would come back as the same element in every call, and
 *  a caller could intersect the answers to two of its lists. So there is no lasting key that could be lost either.
 *  Why sorting: after an unknown fresh scalar the order of the bytes is uniform and independent of the order of the query, so
 *  it is a shuffle that leaves nothing to get wrong.
 *  Why dummies are multiples of the caller's base r·G: s·(r·G) unblinds to s·G, whose tag is among the others; to whoever does
 *  not know s it is one more uniform element, as a match is. Each list gets 2·shift of them, whatever the noise is; the first
 *  `matches` have the same scalar on both sides, the others do not, and all cost the same work, so that neither sizes nor
 *  time tell.
 *  The price is one multiplication per entry of the padded set for every call; hence the smaller limit on the set.
 *  @module */
import {
  concatBytes,
  decodePsiCardinalityQuery,
  ELEMENT_BYTES,
  encodePsiCardinalityAnswer,
  equalBytes,
  fromHex,
  padPsiItems,
  PSI_TAG_BYTES,
  SluiceError,
  type Bytes,
  type Random,
  type Sha256Hex,
} from "@sluice/protocol";
import { checkCancelled } from "../cancel.ts";
import { systemRandom } from "../random.ts";
import {
  checkElements,
  freshScalar,
  hashEach,
  multiplyBase,
  multiplyChecked,
  multiplyEach,
  randomElements,
  sortItems,
  tagEach,
} from "./bulk.ts";
import { psiContext, type PsiIdentity } from "./identity.ts";
import { distinctOf, expectVariant, type PsiSetSource } from "./sender-key.ts";

/** Hashes the set to the group: elements to keep inside the domain, sorted, 32 bytes each, a padded number of them.
 *  @throws ERR_PSI_SET_TOO_LARGE, ERR_CANCELLED */
export async function prepareCardinalitySet(source: Omit<PsiSetSource, "key">): Promise<Bytes> {
  const { identity, random = systemRandom, signal } = source;
  expectVariant(identity, "psi-cardinality");
  const entries = distinctOf(source);
  const hashed = await hashEach(entries, psiContext(identity), signal);
  const padding = await randomElements(padPsiItems(entries.length) - entries.length, random);
  return sortItems(concatBytes(hashed, padding), ELEMENT_BYTES);
}

/** Dummies of one call. */
export interface CountDummies {
  /** In the middle of the distribution; each side gets twice as many dummies. */
  readonly shift: number;
  /** How many of them match: drawn by whoever keeps the privacy budget, secret. */
  readonly matches: number;
}

/** One call of a PSI product with cardinality. */
export interface CardinalityCall {
  readonly identity: PsiIdentity;
  /** What `prepareCardinalitySet` made. */
  readonly set: Bytes;
  /** Hash of the snapshot that is served. */
  readonly snapshot: Sha256Hex;
  /** PsiCardinalityQuery. */
  readonly frame: Bytes;
  readonly dummies: CountDummies;
  /** The key of this call and its dummies are drawn from it. */
  readonly random?: Random;
  readonly signal?: AbortSignal | undefined;
}

/** The PsiCardinalityAnswer. An answer is made of valid elements alone.
 *  @throws ERR_FRAME_MALFORMED when the query is, or repeats an element; ERR_PSI_SET_TOO_LARGE; ERR_SNAPSHOT;
 *  ERR_OPRF_ELEMENT with the index of the first bad one; ERR_CANCELLED */
export async function answerCardinality(call: CardinalityCall): Promise<Bytes> {
  const { identity, set, snapshot, frame, dummies, random = systemRandom, signal } = call;
  expectVariant(identity, "psi-cardinality");
  const query = decodePsiCardinalityQuery(frame);
  if (!equalBytes(query.snapshot, fromHex(snapshot))) throw new SluiceError("ERR_SNAPSHOT");
  const context = psiContext(identity);
  await checkBase(query.base, signal);
  const fresh = await freshScalar(random);
  try {
    const listed = await multiplyChecked(fresh, query.elements, signal);
    const tags = await tagEach(await multiplyEach(fresh, set, signal), context, signal);
    const added = await makeDummies(query.base, dummies, context, random, signal);
    return encodePsiCardinalityAnswer({
      elements: sortItems(concatBytes(listed, added.elements), ELEMENT_BYTES),
      tags: sortItems(concatBytes(tags, added.tags), PSI_TAG_BYTES),
    });
  } finally {
    fresh.fill(0);
  }
}

/** @throws ERR_FRAME_MALFORMED: under a base that is none, there would be no noise */
export async function checkBase(base: Bytes, signal: AbortSignal | undefined): Promise<void> {
  try {
    await checkElements(base, signal);
  } catch (cause) {
    checkCancelled(signal);
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "base", expected: "an element" }, { cause });
  }
}

/** Dummies of one call under the caller's base: elements for its list, tags for the set, 2·shift of each. The first `matches` of
 *  both belong together. @throws RangeError, ERR_CANCELLED */
export async function makeDummies(
  base: Bytes,
  { shift, matches }: CountDummies,
  context: Bytes,
  random: Random,
  signal: AbortSignal | undefined,
): Promise<{ elements: Bytes; tags: Bytes }> {
  if (!Number.isInteger(matches) || matches < 0 || matches > 2 * shift) throw new RangeError("not a number of dummies");
  const elements: Bytes[] = [];
  const points: Bytes[] = [];
  for (let i = 0; i < 2 * shift; i++) {
    const [own, other] = [await freshScalar(random), await freshScalar(random)];
    elements.push(await multiplyEach(own, base, signal));
    points.push(multiplyBase(i < matches ? own : other));
    own.fill(0);
    other.fill(0);
  }
  return { elements: concatBytes(...elements), tags: await tagEach(concatBytes(...points), context, signal) };
}

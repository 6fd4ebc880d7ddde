/** Sender of private set intersection, variant ids: publishes tags of its blinded set, then evaluates blinded lists.
 *  Who learns what, and what a cheating party gains, stands in `ids-receiver.ts`.
 *
 *  The domain learns the padded size of a list. It gives one evaluation per element, under one key for an epoch, so
 *  that the published set can be reused: two callers who compare notes see the same tags. Padding tags are random, and
 *  look like others to whoever has not evaluated all entries.
 *  @module */
import {
  concatBytes,
  encodePsiIdsAnswer,
  encodePsiSet,
  padPsiItems,
  PSI_TAG_BYTES,
  type Bytes,
  type Sha256Hex,
} from "@sluice/protocol";
import type { OprfKeyPair } from "../oprf/server.ts";
import { systemRandom } from "../random.ts";
import { blindEach, checkElements, multiplyEach, sortItems, tagEach } from "./bulk.ts";
import { psiContext, type PsiIdentity } from "./identity.ts";
import { distinctOf, expectVariant, openQuery, type PsiSetSource } from "./sender-key.ts";

/** Makes the PsiSet to publish; its hash goes into the snapshot.
 *  @throws ERR_PSI_SET_TOO_LARGE, ERR_CANCELLED; ERR_FRAME_MALFORMED when two tags collide (below 2^-56: build again
 *  under another epoch). */
export async function prepareIdsSet(source: PsiSetSource): Promise<Bytes> {
  const { identity, key, random = systemRandom, signal } = source;
  expectVariant(identity, "psi-ids");
  const entries = distinctOf(source);
  const context = psiContext(identity);
  const blinded = await blindEach(key.secret.reveal(), entries, context, signal);
  const padding = random.bytes((padPsiItems(entries.length) - entries.length) * PSI_TAG_BYTES);
  const tags = concatBytes(await tagEach(blinded, context, signal), padding);
  return encodePsiSet({ tags: sortItems(tags, PSI_TAG_BYTES) });
}

/** One call of a PSI product with ids. */
export interface IdsCall {
  readonly identity: PsiIdentity;
  readonly key: OprfKeyPair;
  /** Hash of the snapshot that is served. */
  readonly snapshot: Sha256Hex;
  /** PsiQuery. */
  readonly frame: Bytes;
  readonly signal?: AbortSignal | undefined;
}

/** The PsiIdsAnswer. Every element is checked before the key touches one.
 *  @throws ERR_FRAME_MALFORMED, ERR_PSI_SET_TOO_LARGE, ERR_SNAPSHOT; ERR_OPRF_ELEMENT with the index of the first bad one;
 *  ERR_CANCELLED */
export async function answerIds({ identity, key, snapshot, frame, signal }: IdsCall): Promise<Bytes> {
  expectVariant(identity, "psi-ids");
  const { elements } = openQuery(frame, snapshot);
  await checkElements(elements, signal);
  return encodePsiIdsAnswer({ elements: await multiplyEach(key.secret.reveal(), elements, signal) });
}

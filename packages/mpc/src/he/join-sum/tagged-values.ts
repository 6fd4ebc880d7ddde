/** Both lists under the key of one session, and the values in the order of the tags.
 *
 *  The key is drawn for the session, so the order of the bytes of its tags is uniform and independent of entries and values: sorting is
 *  the shuffle. Dummies and padding have zeros, which no one without the key of the values can tell from others.
 *  @module */
import { concatBytes, ELEMENT_BYTES, PSI_TAG_BYTES, SluiceError, type Bytes, type Random } from "@sluice/protocol";
import { freshScalar, multiplyChecked, multiplyEach, sortItems, tagEach } from "../../psi/bulk.ts";
import { makeDummies, type CountDummies } from "../../psi/cardinality-sender.ts";
import { malformed } from "./context.ts";
import type { SumSet } from "./sum-set.ts";

/** What the domain sends, but for encryption. */
export interface TaggedValues {
  /** The caller's elements and dummies, ascending. */
  readonly listed: Bytes;
  /** Tags of the set and of dummies, ascending. */
  readonly tags: Bytes;
  /** Of the tags, in their order. */
  readonly values: Float64Array;
}

/** Draws the key, uses it and wipes it.
 *  @throws ERR_OPRF_ELEMENT; ERR_FRAME_MALFORMED when an element repeats; ERR_CANCELLED; RangeError */
export async function tagValues(
  set: SumSet,
  query: { readonly elements: Bytes; readonly base: Bytes; readonly context: Bytes },
  dummies: CountDummies,
  random: Random,
  signal: AbortSignal | undefined,
): Promise<TaggedValues> {
  const key = await freshScalar(random);
  try {
    const blinded = await multiplyChecked(key, query.elements, signal);
    const added = await makeDummies(query.base, dummies, query.context, random, signal);
    const listed = sortItems(concatBytes(blinded, added.elements), ELEMENT_BYTES);
    if (!ascends(listed, ELEMENT_BYTES)) throw malformed("elements", "no element twice");
    const own = await tagEach(await multiplyEach(key, set.elements, signal), query.context, signal);
    return { listed, ...inOrder(concatBytes(own, added.tags), set.values) };
  } finally {
    key.fill(0);
  }
}

function inOrder(tags: Bytes, values: Float64Array): { tags: Bytes; values: Float64Array } {
  const at = (i: number): Bytes => tags.subarray(i * PSI_TAG_BYTES, (i + 1) * PSI_TAG_BYTES);
  const places = Array.from({ length: tags.length / PSI_TAG_BYTES }, (_, i) => i);
  places.sort((a, b) => Buffer.compare(at(a), at(b)));
  const sorted = new Uint8Array(tags.length);
  const ordered = new Float64Array(places.length);
  for (const [i, place] of places.entries()) {
    sorted.set(at(place), i * PSI_TAG_BYTES);
    ordered[i] = values[place] ?? 0;
  }
  // Chance brings two equal tags about less than once in 2^50 sessions.
  if (!ascends(sorted, PSI_TAG_BYTES)) throw new SluiceError("ERR_INTERNAL", { reference: "join-sum.tags" });
  return { tags: sorted, values: ordered };
}

function ascends(items: Bytes, itemBytes: number): boolean {
  for (let next = itemBytes; next < items.length; next += itemBytes) {
    if (Buffer.compare(items.subarray(next - itemBytes, next), items.subarray(next, next + itemBytes)) >= 0)
      return false;
  }
  return true;
}

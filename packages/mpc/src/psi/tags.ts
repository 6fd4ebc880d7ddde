/** Tags: short names of group elements, which both roles compare instead of the elements. They are one-way, so a set of
 *  tags shows nothing but its size to whoever cannot make its elements.
 *  @module */
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, PSI_TAG_BYTES, utf8, type Bytes } from "@sluice/protocol";

const LABEL = utf8("sluice/psi/tag/v1");

/** Tag of a canonical element under `psiContext`: the first 12 bytes of SHA-256. */
export function tagOf(element: Bytes, context: Bytes): Bytes {
  return sha256(concatBytes(LABEL, context, element)).subarray(0, PSI_TAG_BYTES);
}

/** Whether `tag` is among the strictly ascending `tags`. */
export function hasTag(tags: Bytes, tag: Bytes): boolean {
  return placeOfTag(tags, tag) !== null;
}

/** Where `tag` is among the strictly ascending `tags`; null when it is not. */
export function placeOfTag(tags: Bytes, tag: Bytes): number | null {
  let low = 0;
  let high = tags.length / PSI_TAG_BYTES - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const order = compareAt(tags, middle * PSI_TAG_BYTES, tag);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return null;
}

function compareAt(tags: Bytes, offset: number, tag: Bytes): number {
  for (let i = 0; i < PSI_TAG_BYTES; i++) {
    const difference = (tags[offset + i] ?? 0) - (tag[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

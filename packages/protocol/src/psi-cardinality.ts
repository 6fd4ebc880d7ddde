/** Messages of set intersection that counts (求交，得个数): a caller's list under one blind, and the domain's answer with both
 *  sets under a key of that call, among dummies. The domain learns the padded size of the list. The caller learns the number of
 *  matches with the noise that the snapshot states, and the padded size of the domain's set.
 *  @module */
import { z } from "zod";
import type { Bytes } from "./bytes.ts";
import { ByteReader } from "./codec.ts";
import { CountNoise, MAX_COUNT_SHIFT } from "./count-noise.ts";
import { SluiceError } from "./errors.ts";
import { JoinKeys } from "./join/join-key.ts";
import { Sha256Hex } from "./identifiers.ts";
import { ELEMENT_BYTES } from "./lookup-frames.ts";
import { checkAscending, expectPsiHead, malformedPsi, psiHead, readPsiElements, writePsiElements } from "./psi-head.ts";
import {
  MAX_PSI_CARDINALITY_SET_ITEMS,
  maxPsiElements,
  MAX_PSI_LIST_ITEMS,
  MIN_PSI_PADDED_ITEMS,
  padPsiItems,
  PSI_TAG_BYTES,
} from "./psi-sizes.ts";

/** Public facts of a set whose matches are counted. */
export const PsiCardinalityParameters = z.strictObject({
  kind: z.literal("psi-cardinality"),
  /** By what entries are made; without it an entry is one text, exactly as it is. */
  keys: JoinKeys.refine((keys) => keys.length === 1, "one key, which counts").optional(),
  /** Padded number of entries. */
  paddedItems: z
    .int()
    .min(MIN_PSI_PADDED_ITEMS)
    .max(MAX_PSI_CARDINALITY_SET_ITEMS)
    .refine((items) => padPsiItems(items) === items, "a padded size"),
  /** Hash of the elements, which stay in the domain. */
  set: Sha256Hex,
  /** Of each count. */
  noise: CountNoise,
});
export type PsiCardinalityParameters = z.infer<typeof PsiCardinalityParameters>;

/** A caller's list under one blind r. */
export type PsiCardinalityQuery = {
  snapshot: Bytes;
  /** r times the group's base: what dummy matches are made from. */
  base: Bytes;
  /** r times each entry's element, and padding: a padded number of them. */
  elements: Bytes;
};

// struct { uint16 version; uint8 kind = 2; opaque snapshot[32]; opaque base[32];
//          uint32 count; opaque element[32] × count; } PsiCardinalityQuery;
/** Bytes of a query. @throws ERR_PSI_SET_TOO_LARGE, ERR_FRAME_MALFORMED when the number of elements is not padded. */
export function encodePsiCardinalityQuery({ snapshot, base, elements }: PsiCardinalityQuery): Bytes {
  return writePsiElements(psiHead("psi-cardinality").fixed(snapshot).fixed(base), "psi-cardinality", elements).finish();
}

/** @throws ERR_PSI_SET_TOO_LARGE when the list is too long; ERR_FRAME_MALFORMED */
export function decodePsiCardinalityQuery(bytes: Bytes): PsiCardinalityQuery {
  const reader = new ByteReader(bytes);
  expectPsiHead(reader, "psi-cardinality");
  const snapshot = reader.fixed(32);
  const base = reader.fixed(ELEMENT_BYTES);
  const elements = readPsiElements(reader, "psi-cardinality");
  reader.end();
  return { snapshot, base, elements };
}

/** Both sets with their dummies under the key of one call, each sorted: no order tells where an item came from. */
export type PsiCardinalityAnswer = {
  /** The caller's elements and dummies, strictly ascending. */
  elements: Bytes;
  /** Tags of the domain's set and of dummies, strictly ascending. */
  tags: Bytes;
};

// struct { uint16 version; uint8 kind = 2; uint32 count; opaque element[32] × count;
//          uint32 tagCount; opaque tag[12] × tagCount; } PsiCardinalityAnswer;
/** Bytes of an answer. @throws ERR_PSI_SET_TOO_LARGE; ERR_FRAME_MALFORMED when something is not sorted or repeats. */
export function encodePsiCardinalityAnswer({ elements, tags }: PsiCardinalityAnswer): Bytes {
  const [count, tagCount] = [elements.length / ELEMENT_BYTES, tags.length / PSI_TAG_BYTES];
  checkCounts(count, tagCount);
  checkAscending(elements, ELEMENT_BYTES, "elements");
  checkAscending(tags, PSI_TAG_BYTES, "tags");
  return psiHead("psi-cardinality").uint(count, 4).fixed(elements).uint(tagCount, 4).fixed(tags).finish();
}

/** Whoever asked knows how many of each there are: see `expectedAnswerItems`. @throws as `encodePsiCardinalityAnswer` does. */
export function decodePsiCardinalityAnswer(bytes: Bytes): PsiCardinalityAnswer {
  const reader = new ByteReader(bytes);
  expectPsiHead(reader, "psi-cardinality");
  const count = reader.uint(4);
  checkCounts(count, 1);
  const elements = reader.fixed(count * ELEMENT_BYTES);
  const tagCount = reader.uint(4);
  checkCounts(count, tagCount);
  const tags = reader.fixed(tagCount * PSI_TAG_BYTES);
  reader.end();
  checkAscending(elements, ELEMENT_BYTES, "elements");
  checkAscending(tags, PSI_TAG_BYTES, "tags");
  return { elements, tags };
}

/** How many elements and tags answer a query of `elements` elements. */
export function expectedAnswerItems(
  { paddedItems, noise }: Pick<PsiCardinalityParameters, "paddedItems" | "noise">,
  elements: number,
): { elements: number; tags: number } {
  const dummies = 2 * noise.shift;
  return { elements: elements + dummies, tags: paddedItems + dummies };
}

function checkCounts(count: number, tagCount: number): void {
  const dummies = 2 * MAX_COUNT_SHIFT;
  if (count > maxPsiElements("psi-cardinality") + dummies) {
    throw new SluiceError("ERR_PSI_SET_TOO_LARGE", { maxItems: MAX_PSI_LIST_ITEMS["psi-cardinality"] });
  }
  if (tagCount > MAX_PSI_CARDINALITY_SET_ITEMS + dummies) {
    throw new SluiceError("ERR_PSI_SET_TOO_LARGE", { maxItems: MAX_PSI_CARDINALITY_SET_ITEMS });
  }
  if (!Number.isInteger(count) || count < 1) throw malformedPsi("elements", "whole ones, one at least");
  if (!Number.isInteger(tagCount) || tagCount < 1) throw malformedPsi("tags", "whole ones, one at least");
}

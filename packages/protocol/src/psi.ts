/** Messages of private set intersection (隐私求交), variant `psi-ids`: a caller's blinded list, the domain's answer, the published
 *  set; and the signed snapshot of every variant. Each variant is one request and one answer.
 *  The domain learns the padded size of the list; not an entry, not a match. The caller learns the padded size of the
 *  domain's set and which of its entries are in it.
 *  @module */
import { z } from "zod";
import type { Bytes } from "./bytes.ts";
import { ByteReader, type ByteWriter } from "./codec.ts";
import { Name, Sha256Hex } from "./identifiers.ts";
import { PsiCardinalityParameters } from "./psi-cardinality.ts";
import {
  checkAscending,
  checkPsiCount,
  expectPsiHead,
  psiHead,
  readPsiElements,
  writePsiElements,
} from "./psi-head.ts";
import { MAX_PSI_IDS_SET_ITEMS, MIN_PSI_PADDED_ITEMS, padPsiItems, PSI_TAG_BYTES } from "./psi-sizes.ts";
import { servedMembers } from "./served.ts";
import { signedSchema } from "./signed.ts";

/** Public facts of a set whose tags are published. */
export const PsiIdsParameters = z.strictObject({
  kind: z.literal("psi-ids"),
  /** Padded number of entries. */
  paddedItems: z
    .int()
    .min(MIN_PSI_PADDED_ITEMS)
    .max(MAX_PSI_IDS_SET_ITEMS)
    .refine((items) => padPsiItems(items) === items, "a padded size"),
  /** Hash of the published PsiSet. */
  set: Sha256Hex,
});

/** Public facts of one prepared set. */
export const PsiParameters = z.discriminatedUnion("kind", [PsiIdsParameters, PsiCardinalityParameters]);
export type PsiParameters = z.infer<typeof PsiParameters>;

/** The snapshot a PSI product serves. Signed by the domain's receipt key; its hash is in every receipt. */
export const PsiSnapshot = z.strictObject({
  type: z.literal("psi-snapshot"),
  ...servedMembers,
  /** Purpose of the grant's scene: entries are hashed for it alone. */
  purpose: Name,
  parameters: PsiParameters,
  /** Epoch of the key. */
  epoch: z.int().min(1),
});
export type PsiSnapshot = z.infer<typeof PsiSnapshot>;
export const SignedPsiSnapshot = signedSchema(PsiSnapshot);
export type SignedPsiSnapshot = z.infer<typeof SignedPsiSnapshot>;

/** A caller's list: `elements` are blinded, 32 bytes each, a padded number of them. */
export type PsiQuery = { snapshot: Bytes; elements: Bytes };

// struct { uint16 version; uint8 kind = 1; opaque snapshot[32]; uint32 count; opaque element[32] × count; } PsiQuery;
/** Bytes of a query. @throws ERR_PSI_SET_TOO_LARGE, ERR_FRAME_MALFORMED when the number of elements is not padded. */
export function encodePsiQuery({ snapshot, elements }: PsiQuery): Bytes {
  return writePsiElements(psiHead("psi-ids").fixed(snapshot), elements).finish();
}

/** @throws ERR_PSI_SET_TOO_LARGE when the list is too long; ERR_FRAME_MALFORMED */
export function decodePsiQuery(bytes: Bytes): PsiQuery {
  const reader = new ByteReader(bytes);
  expectPsiHead(reader, "psi-ids");
  const snapshot = reader.fixed(32);
  const elements = readPsiElements(reader);
  reader.end();
  return { snapshot, elements };
}

/** Evaluated elements in the order of the query. */
export type PsiIdsAnswer = { elements: Bytes };

// struct { uint16 version; uint8 kind = 1; uint32 count; opaque element[32] × count; } PsiIdsAnswer;
/** Bytes of an answer of `psi-ids`. @throws as `encodePsiQuery` does. */
export function encodePsiIdsAnswer(answer: PsiIdsAnswer): Bytes {
  return writePsiElements(psiHead("psi-ids"), answer.elements).finish();
}

/** @throws ERR_PSI_SET_TOO_LARGE, ERR_FRAME_MALFORMED */
export function decodePsiIdsAnswer(bytes: Bytes): PsiIdsAnswer {
  const reader = new ByteReader(bytes);
  expectPsiHead(reader, "psi-ids");
  const elements = readPsiElements(reader);
  reader.end();
  return { elements };
}

/** The published set of `psi-ids`: tags, 12 bytes each, strictly ascending. */
export type PsiSet = { tags: Bytes };

// struct { uint16 version; uint8 kind = 1; uint32 count; opaque tag[12] × count; } PsiSet;
/** Bytes of a set. @throws ERR_PSI_SET_TOO_LARGE; ERR_FRAME_MALFORMED when tags are not sorted, repeat, or have no
 *  padded number. */
export function encodePsiSet(set: PsiSet): Bytes {
  return writeTags(psiHead("psi-ids"), set.tags, MAX_PSI_IDS_SET_ITEMS).finish();
}

/** Bytes that a set of a padded number of tags takes. */
export function encodedPsiSetBytes(paddedItems: number): number {
  return 2 + 1 + 4 + paddedItems * PSI_TAG_BYTES;
}

/** @throws as `encodePsiSet` does. */
export function decodePsiSet(bytes: Bytes): PsiSet {
  const reader = new ByteReader(bytes);
  expectPsiHead(reader, "psi-ids");
  const tags = readTags(reader, MAX_PSI_IDS_SET_ITEMS);
  reader.end();
  return { tags };
}

function writeTags(writer: ByteWriter, tags: Bytes, maxItems: number): ByteWriter {
  const count = tags.length / PSI_TAG_BYTES;
  checkPsiCount(count, maxItems, "tags");
  checkAscending(tags, PSI_TAG_BYTES, "tags");
  return writer.uint(count, 4).fixed(tags);
}

function readTags(reader: ByteReader, maxItems: number): Bytes {
  const count = reader.uint(4);
  checkPsiCount(count, maxItems, "tags");
  const tags = reader.fixed(count * PSI_TAG_BYTES);
  checkAscending(tags, PSI_TAG_BYTES, "tags");
  return tags;
}

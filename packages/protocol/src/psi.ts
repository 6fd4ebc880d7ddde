/** Messages of private set intersection (隐私求交): a caller's blinded list, the domain's answer, the published set of
 *  the variant `psi-ids`, and the signed snapshot that pins it. Each variant is one request and one answer.
 *  The domain learns the padded size of the list; not an entry, not a match. The caller learns the padded size of the
 *  domain's set and, by variant, which of its entries are in it or only how many.
 *  @module */
import { z } from "zod";
import type { Bytes } from "./bytes.ts";
import { ByteReader, ByteWriter } from "./codec.ts";
import { SluiceError } from "./errors.ts";
import { Name, Sha256Hex } from "./identifiers.ts";
import { ELEMENT_BYTES } from "./lookup-frames.ts";
import { servedMembers } from "./served.ts";
import { signedSchema } from "./signed.ts";

/** Version of the PSI frames. */
export const PSI_VERSION = 1;
/** Distinct entries of a caller's list. */
export const MAX_PSI_LIST_ITEMS = 50_000;
/** Distinct entries of a domain's set whose tags are published. */
export const MAX_PSI_IDS_SET_ITEMS = 1_048_576;
/** Distinct entries of a domain's set that is blinded anew for every call. */
export const MAX_PSI_CARDINALITY_SET_ITEMS = 131_072;
/** Fewest entries that a set shows. */
export const MIN_PSI_PADDED_ITEMS = 16;
/** Padded sizes between one power of two and the next: padding adds a quarter at most. */
export const PSI_STEPS_PER_DOUBLING = 4;
/** Bytes of a tag. Two unequal entries of the largest list and set share one with probability below 2^-60; over
 *  a million such calls, below 2^-40. */
export const PSI_TAG_BYTES = 12;

/** What the caller learns: which of its entries are in the set, or how many. */
export const PsiKind = z.enum(["psi-ids", "psi-cardinality"]);
export type PsiKind = z.infer<typeof PsiKind>;

const KIND_BYTES = { "psi-ids": 1, "psi-cardinality": 2 } as const satisfies Record<PsiKind, number>;

/** Most distinct entries of the domain's set, by variant. */
export const MAX_PSI_SET_ITEMS = {
  "psi-ids": MAX_PSI_IDS_SET_ITEMS,
  "psi-cardinality": MAX_PSI_CARDINALITY_SET_ITEMS,
} as const satisfies Record<PsiKind, number>;

/** The size that a set of `count` entries shows: the next multiple of a quarter of its power of two, at least 16. */
export function padPsiItems(count: number): number {
  const least = Math.max(count, MIN_PSI_PADDED_ITEMS);
  const step = 2 ** (31 - Math.clz32(least)) / PSI_STEPS_PER_DOUBLING;
  return Math.ceil(least / step) * step;
}

/** Elements of one frame: the padded size of the longest list. */
export const MAX_PSI_ELEMENTS = padPsiItems(MAX_PSI_LIST_ITEMS);

/** Public facts of one prepared set. */
export const PsiParameters = z
  .strictObject({
    kind: PsiKind,
    /** Padded number of entries. */
    paddedItems: z
      .int()
      .min(MIN_PSI_PADDED_ITEMS)
      .max(MAX_PSI_IDS_SET_ITEMS)
      .refine((items) => padPsiItems(items) === items, "a padded size"),
    /** Hash of the published PsiSet, or of the blinded elements that stay in the domain (`psi-cardinality`). */
    set: Sha256Hex,
  })
  .refine(({ kind, paddedItems }) => paddedItems <= MAX_PSI_SET_ITEMS[kind], {
    path: ["paddedItems"],
    message: "within the limit of its variant",
  });
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
export type PsiQuery = { kind: PsiKind; snapshot: Bytes; elements: Bytes };

// struct { uint16 version; uint8 kind; opaque snapshot[32]; uint32 count; opaque element[32] × count; } PsiQuery;
/** Bytes of a query. @throws ERR_PSI_SET_TOO_LARGE, ERR_FRAME_MALFORMED when the number of elements is not padded. */
export function encodePsiQuery(query: PsiQuery): Bytes {
  const writer = head(query.kind).fixed(query.snapshot);
  return writeElements(writer, query.elements).finish();
}

/** @throws ERR_PSI_SET_TOO_LARGE when the list is too long; ERR_FRAME_MALFORMED */
export function decodePsiQuery(bytes: Bytes): PsiQuery {
  const reader = new ByteReader(bytes);
  const kind = readHead(reader);
  const snapshot = reader.fixed(32);
  const elements = readElements(reader);
  reader.end();
  return { kind, snapshot, elements };
}

/** Evaluated elements in the order of the query. */
export type PsiIdsAnswer = { elements: Bytes };

// struct { uint16 version; uint8 kind = 1; uint32 count; opaque element[32] × count; } PsiIdsAnswer;
/** Bytes of an answer of `psi-ids`. @throws as `encodePsiQuery` does. */
export function encodePsiIdsAnswer(answer: PsiIdsAnswer): Bytes {
  return writeElements(head("psi-ids"), answer.elements).finish();
}

/** @throws ERR_PSI_SET_TOO_LARGE, ERR_FRAME_MALFORMED */
export function decodePsiIdsAnswer(bytes: Bytes): PsiIdsAnswer {
  const reader = new ByteReader(bytes);
  expectKind(readHead(reader), "psi-ids");
  const elements = readElements(reader);
  reader.end();
  return { elements };
}

/** Both sets under the key of one call, each sorted: neither order tells where an item came from. */
export type PsiCardinalityAnswer = {
  /** The caller's elements, strictly ascending. */
  elements: Bytes;
  /** Tags of the domain's set, strictly ascending. */
  tags: Bytes;
};

// struct { uint16 version; uint8 kind = 2; uint32 count; opaque element[32] × count;
//          uint32 tagCount; opaque tag[12] × tagCount; } PsiCardinalityAnswer;
/** Bytes of an answer of `psi-cardinality`. @throws ERR_PSI_SET_TOO_LARGE; ERR_FRAME_MALFORMED when something is not
 *  sorted, repeats, or has no padded number. */
export function encodePsiCardinalityAnswer(answer: PsiCardinalityAnswer): Bytes {
  checkAscending(answer.elements, ELEMENT_BYTES, "elements");
  const writer = writeElements(head("psi-cardinality"), answer.elements);
  return writeTags(writer, answer.tags, MAX_PSI_CARDINALITY_SET_ITEMS).finish();
}

/** @throws as `encodePsiCardinalityAnswer` does. */
export function decodePsiCardinalityAnswer(bytes: Bytes): PsiCardinalityAnswer {
  const reader = new ByteReader(bytes);
  expectKind(readHead(reader), "psi-cardinality");
  const elements = readElements(reader);
  const tags = readTags(reader, MAX_PSI_CARDINALITY_SET_ITEMS);
  reader.end();
  checkAscending(elements, ELEMENT_BYTES, "elements");
  return { elements, tags };
}

/** The published set of `psi-ids`: tags, 12 bytes each, strictly ascending. */
export type PsiSet = { tags: Bytes };

// struct { uint16 version; uint8 kind = 1; uint32 count; opaque tag[12] × count; } PsiSet;
/** Bytes of a set. @throws ERR_PSI_SET_TOO_LARGE; ERR_FRAME_MALFORMED when tags are not sorted, repeat, or have no
 *  padded number. */
export function encodePsiSet(set: PsiSet): Bytes {
  return writeTags(head("psi-ids"), set.tags, MAX_PSI_IDS_SET_ITEMS).finish();
}

/** Bytes that a set of a padded number of tags takes. */
export function encodedPsiSetBytes(paddedItems: number): number {
  return 2 + 1 + 4 + paddedItems * PSI_TAG_BYTES;
}

/** @throws as `encodePsiSet` does. */
export function decodePsiSet(bytes: Bytes): PsiSet {
  const reader = new ByteReader(bytes);
  expectKind(readHead(reader), "psi-ids");
  const tags = readTags(reader, MAX_PSI_IDS_SET_ITEMS);
  reader.end();
  return { tags };
}

function head(kind: PsiKind): ByteWriter {
  return new ByteWriter().uint(PSI_VERSION, 2).uint(KIND_BYTES[kind], 1);
}

function readHead(reader: ByteReader): PsiKind {
  if (reader.uint(2) !== PSI_VERSION) throw malformed("version", String(PSI_VERSION));
  const byte = reader.uint(1);
  const kind = PsiKind.options.find((option) => KIND_BYTES[option] === byte);
  if (kind === undefined) throw malformed("kind", "1 or 2");
  return kind;
}

function expectKind(kind: PsiKind, expected: PsiKind): void {
  if (kind !== expected) throw malformed("kind", String(KIND_BYTES[expected]));
}

function writeElements(writer: ByteWriter, elements: Bytes): ByteWriter {
  const count = elements.length / ELEMENT_BYTES;
  checkCount(count, MAX_PSI_LIST_ITEMS, "elements");
  return writer.uint(count, 4).fixed(elements);
}

function readElements(reader: ByteReader): Bytes {
  const count = reader.uint(4);
  checkCount(count, MAX_PSI_LIST_ITEMS, "elements");
  return reader.fixed(count * ELEMENT_BYTES);
}

function writeTags(writer: ByteWriter, tags: Bytes, maxItems: number): ByteWriter {
  const count = tags.length / PSI_TAG_BYTES;
  checkCount(count, maxItems, "tags");
  checkAscending(tags, PSI_TAG_BYTES, "tags");
  return writer.uint(count, 4).fixed(tags);
}

function readTags(reader: ByteReader, maxItems: number): Bytes {
  const count = reader.uint(4);
  checkCount(count, maxItems, "tags");
  const tags = reader.fixed(count * PSI_TAG_BYTES);
  checkAscending(tags, PSI_TAG_BYTES, "tags");
  return tags;
}

/** A count that is not a padded size would say more about a set than its frame should. */
function checkCount(count: number, maxItems: number, field: string): void {
  if (count > padPsiItems(maxItems)) throw new SluiceError("ERR_PSI_SET_TOO_LARGE", { maxItems });
  if (!Number.isInteger(count) || padPsiItems(count) !== count) throw malformed(field, "a padded number of them");
}

function checkAscending(items: Bytes, itemBytes: number, field: string): void {
  for (let next = itemBytes; next < items.length; next += itemBytes) {
    let i = 0;
    while (i < itemBytes && items[next + i] === items[next - itemBytes + i]) i++;
    const ascends = i < itemBytes && (items[next + i] ?? 0) > (items[next - itemBytes + i] ?? 0);
    if (!ascends) throw malformed(field, "strictly ascending");
  }
}

function malformed(field: string, expected: string): SluiceError {
  return new SluiceError("ERR_FRAME_MALFORMED", { field, expected });
}

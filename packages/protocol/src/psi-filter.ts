/** Set intersection by evaluation and filter, method `filter` of `psi-ids`: filters that callers download and hold, and the
 *  answer to a blinded list, with proofs that one pinned key made all of it.
 *
 *  A filter is a binary fuse filter of 32-bit fingerprints over outputs of the OPRF: an entry that is in the set always hits, one that
 *  is not hits with probability 2^-32. A set that has changed since the base was built has two more, of what was added and removed.
 *  @module */
import { z } from "zod";
import type { Bytes } from "./bytes.ts";
import { ByteReader } from "./codec.ts";
import { Sha256Hex } from "./identifiers.ts";
import { JoinKeys } from "./join/join-key.ts";
import { MAX_OPRF_ELEMENTS } from "./limits.ts";
import { ELEMENT_BYTES, PROOF_BYTES } from "./lookup-frames.ts";
import { expectPsiHead, malformedPsi, psiHead, readPsiElements, writePsiElements } from "./psi-head.ts";
import { MAX_PSI_IDS_SET_ITEMS, MIN_PSI_PADDED_ITEMS, padPsiItems } from "./psi-sizes.ts";

/** Bytes of a slot, and so of a fingerprint. */
export const PSI_SLOT_BYTES = 4;
/** Most slots of a filter. */
export const MAX_PSI_FILTER_SLOTS = 2 ** 22;
/** Fewest changes that a delta shows, and its steps. */
const MIN_DELTA_ITEMS = 256;
const DELTA_STEPS_PER_BASE = 64;
/** A delta holds at most this part of its base. */
const MAX_DELTA_SHARE = 1 / 8;

/** A filter as a snapshot pins it. */
export const PsiFilterTable = z
  .strictObject({
    /** Keys that the filter was fitted to: entries, and padding that looks like them. */
    items: z.int().min(1).max(MAX_PSI_IDS_SET_ITEMS),
    slots: z.int().min(3).max(MAX_PSI_FILTER_SLOTS),
    /** A power of two; the slots are three segments or more. */
    segmentLength: z
      .int()
      .min(1)
      .max(2 ** 20),
    /** Public seed of slots and fingerprints, hexadecimal. */
    filterSeed: Sha256Hex,
    /** Hash of the PsiFilter. */
    hash: Sha256Hex,
  })
  .refine(
    ({ items, slots, segmentLength }) =>
      slots >= items &&
      slots % segmentLength === 0 &&
      slots >= 3 * segmentLength &&
      Number.isInteger(Math.log2(segmentLength)),
    { path: ["slots"], message: "whole segments, and one for each item at least" },
  );
export type PsiFilterTable = z.infer<typeof PsiFilterTable>;

/** What has changed since the base was built. Both filters show one size. */
export const PsiDeltaTables = z
  .strictObject({ added: PsiFilterTable, removed: PsiFilterTable })
  .refine(({ added, removed }) => added.items === removed.items, { path: ["removed"], message: "as many items" });
export type PsiDeltaTables = z.infer<typeof PsiDeltaTables>;

/** Public facts of a set that callers hold a filter of. */
export const PsiFilterParameters = z
  .strictObject({
    kind: z.literal("psi-ids"),
    method: z.literal("filter"),
    /** By what entries are made; without it an entry is one text, exactly as it is. */
    keys: JoinKeys.optional(),
    /** Padded number of entries of the base. */
    paddedItems: z
      .int()
      .min(MIN_PSI_PADDED_ITEMS)
      .max(MAX_PSI_IDS_SET_ITEMS)
      .refine((items) => padPsiItems(items) === items, "a padded size"),
    /** Public key of this product and epoch, hexadecimal. */
    oprfPublicKey: Sha256Hex,
    base: PsiFilterTable,
    delta: PsiDeltaTables.optional(),
  })
  .refine(({ paddedItems, base }) => base.items === paddedItems, {
    path: ["base"],
    message: "fitted to the padded size",
  });
export type PsiFilterParameters = z.infer<typeof PsiFilterParameters>;

/** The number of entries that each filter of a delta of `changes` over a base of `baseItems` shows: the next step, at least one. */
export function padPsiDelta(changes: number, baseItems: number): number {
  const step = Math.max(MIN_DELTA_ITEMS, Math.ceil(padPsiItems(baseItems) / DELTA_STEPS_PER_BASE));
  return Math.max(1, Math.ceil(changes / step)) * step;
}

/** Most changes that a delta over a base of `baseItems` holds. */
export function maxPsiDeltaChanges(baseItems: number): number {
  return Math.max(MIN_DELTA_ITEMS, Math.floor(baseItems * MAX_DELTA_SHARE));
}

/** Slots one after another. */
export type PsiFilter = { slots: Bytes };

// struct { uint16 version; uint8 kind = 1; uint32 count; opaque slot[4] × count; } PsiFilter;
/** Bytes of a filter. @throws ERR_FRAME_MALFORMED when it has no slots or too many */
export function encodePsiFilter({ slots }: PsiFilter): Bytes {
  const count = slots.length / PSI_SLOT_BYTES;
  checkSlots(count);
  return psiHead("psi-ids").uint(count, 4).fixed(slots).finish();
}

/** @throws ERR_FRAME_MALFORMED */
export function decodePsiFilter(bytes: Bytes): PsiFilter {
  const reader = new ByteReader(bytes);
  expectPsiHead(reader, "psi-ids");
  const count = reader.uint(4);
  checkSlots(count);
  const slots = reader.fixed(count * PSI_SLOT_BYTES);
  reader.end();
  return { slots };
}

/** Bytes that the PsiFilter of a table takes. */
export function encodedPsiFilterBytes({ slots }: Pick<PsiFilterTable, "slots">): number {
  return 2 + 1 + 4 + slots * PSI_SLOT_BYTES;
}

/** Evaluated elements in the order of the query, with a proof for each MAX_OPRF_ELEMENTS of them and for what is left. */
export type PsiIdsAnswer = { elements: Bytes; proofs: Bytes };

// struct { uint16 version; uint8 kind = 1; uint32 count; opaque element[32] × count;
//          uint16 proofCount; opaque proof[64] × proofCount; } PsiIdsAnswer;
/** Bytes of an answer. @throws ERR_PSI_SET_TOO_LARGE; ERR_FRAME_MALFORMED when counts do not fit */
export function encodePsiIdsAnswer({ elements, proofs }: PsiIdsAnswer): Bytes {
  const proofCount = proofs.length / PROOF_BYTES;
  checkProofs(proofCount, elements);
  return writePsiElements(psiHead("psi-ids"), "psi-ids", elements).uint(proofCount, 2).fixed(proofs).finish();
}

/** @throws ERR_PSI_SET_TOO_LARGE, ERR_FRAME_MALFORMED */
export function decodePsiIdsAnswer(bytes: Bytes): PsiIdsAnswer {
  const reader = new ByteReader(bytes);
  expectPsiHead(reader, "psi-ids");
  const elements = readPsiElements(reader, "psi-ids");
  const proofCount = reader.uint(2);
  checkProofs(proofCount, elements);
  const proofs = reader.fixed(proofCount * PROOF_BYTES);
  reader.end();
  return { elements, proofs };
}

function checkProofs(proofCount: number, elements: Bytes): void {
  const batches = Math.ceil(elements.length / ELEMENT_BYTES / MAX_OPRF_ELEMENTS);
  if (proofCount !== batches) throw malformedPsi("proofs", `one for each ${MAX_OPRF_ELEMENTS} elements`);
}

function checkSlots(count: number): void {
  if (!Number.isInteger(count) || count < 3 || count > MAX_PSI_FILTER_SLOTS) {
    throw malformedPsi("slots", `3 to ${MAX_PSI_FILTER_SLOTS}`);
  }
}

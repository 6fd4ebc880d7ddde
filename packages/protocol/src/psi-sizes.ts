/** Sizes of set intersection (隐私求交): limits of lists and sets, and the padded sizes that they show.
 *  @module */
import { z } from "zod";

/** What the caller learns: which of its entries are in the set, or how many. */
export const PsiKind = z.enum(["psi-ids", "psi-cardinality"]);
export type PsiKind = z.infer<typeof PsiKind>;

/** Distinct entries of a caller's list, by variant. */
export const MAX_PSI_LIST_ITEMS = {
  "psi-ids": 131_072,
  "psi-cardinality": 65_536,
} as const satisfies Record<PsiKind, number>;
/** Distinct entries of a domain's set that callers hold a filter of. */
export const MAX_PSI_IDS_SET_ITEMS = 3_145_728;
/** Distinct entries of a domain's set that is blinded anew for every call. */
export const MAX_PSI_CARDINALITY_SET_ITEMS = 131_072;
/** Most distinct entries of the domain's set, by variant. */
export const MAX_PSI_SET_ITEMS = {
  "psi-ids": MAX_PSI_IDS_SET_ITEMS,
  "psi-cardinality": MAX_PSI_CARDINALITY_SET_ITEMS,
} as const satisfies Record<PsiKind, number>;
/** Fewest entries that a set shows. */
export const MIN_PSI_PADDED_ITEMS = 16;
/** Padded sizes between one power of two and the next: padding adds a quarter at most. */
export const PSI_STEPS_PER_DOUBLING = 4;
/** Longest entry of a list or set, in bytes of UTF-8. */
export const MAX_PSI_ENTRY_BYTES = 1_024;
/** Bytes of a tag. Two unequal entries of the largest list and set share one with probability below 2^-60; over
 *  a million such calls, below 2^-40. */
export const PSI_TAG_BYTES = 12;

/** The size that a set of `count` entries shows: the next multiple of a quarter of its power of two, at least 16. */
export function padPsiItems(count: number): number {
  const least = Math.max(count, MIN_PSI_PADDED_ITEMS);
  const step = 2 ** (31 - Math.clz32(least)) / PSI_STEPS_PER_DOUBLING;
  return Math.ceil(least / step) * step;
}

/** Elements of one frame: the padded size of the longest list of the variant. */
export function maxPsiElements(kind: PsiKind): number {
  return padPsiItems(MAX_PSI_LIST_ITEMS[kind]);
}

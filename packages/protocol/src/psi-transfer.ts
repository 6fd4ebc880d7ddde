/** Set intersection of sides of about equal size, method `transfer` of `psi-ids`: what a snapshot says of it. Nothing is
 *  downloaded; each question is a session of its own (see psi-ot.ts).
 *  @module */
import { z } from "zod";
import { JoinKeys } from "./join/join-key.ts";
import { MIN_PSI_PADDED_ITEMS, padPsiItems } from "./psi-sizes.ts";

/** Distinct entries of a set, and of a list, by this method. */
export const MAX_PSI_TRANSFER_SIDE_ITEMS = 1_048_576;

/** Which sides a set of `psi-ids` is made for: lists much shorter than it, which fetch something once, or as long as it. */
export const PsiSides = z.enum(["unequal", "equal"]);
export type PsiSides = z.infer<typeof PsiSides>;

/** Public facts of a set that is matched by this method. */
export const PsiTransferParameters = z.strictObject({
  kind: z.literal("psi-ids"),
  method: z.literal("transfer"),
  /** By what entries are made; without it an entry is one text, exactly as it is. */
  keys: JoinKeys.optional(),
  /** Padded number of entries. */
  paddedItems: z
    .int()
    .min(MIN_PSI_PADDED_ITEMS)
    .max(MAX_PSI_TRANSFER_SIDE_ITEMS)
    .refine((items) => padPsiItems(items) === items, "a padded size"),
});
export type PsiTransferParameters = z.infer<typeof PsiTransferParameters>;

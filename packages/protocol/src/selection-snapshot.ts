/** The snapshot of a product that sums under hidden selections: the public parameters, and which state of the data it answers of.
 *  The sums of the groups stay in the domain.
 *  @module */
import { z } from "zod";
import { Name } from "./identifiers.ts";
import { SelectionParameters } from "./selection-parameters.ts";
import { servedMembers } from "./served.ts";
import { signedSchema } from "./signed.ts";

/** Signed by the domain's receipt key; its hash is in every receipt. */
export const SelectionSnapshot = z.strictObject({
  type: z.literal("selection-snapshot"),
  ...servedMembers,
  parameters: SelectionParameters,
  /** Decimals of each measure, in the order of the parameters: a sum is in units of the last one. */
  digits: z.array(z.int().min(0).max(6)),
  /** State of the source table. */
  epoch: Name,
});
export type SelectionSnapshot = z.infer<typeof SelectionSnapshot>;
export const SignedSelectionSnapshot = signedSchema(SelectionSnapshot);
export type SignedSelectionSnapshot = z.infer<typeof SignedSelectionSnapshot>;

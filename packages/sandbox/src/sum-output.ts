/** The declaration of values that are summed. Loads nothing.
 *  @module */
import type { JoinSumSpec, KeyType } from "@sluice/protocol";

/** Values that callers learn the sum of over a list, with noise. The domain takes them from this declaration alone. */
export type SumOutput = Pick<JoinSumSpec, "kind" | "field" | "digits" | "limit" | "minimum"> & {
  readonly keys?: readonly [readonly { readonly field?: string; readonly type: KeyType }[]];
  readonly privacy?: { readonly count: string; readonly sum: string; readonly budget: string };
};

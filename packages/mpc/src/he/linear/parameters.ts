/** What both roles of linear scoring agree on.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import type { HeParameterSetName } from "../parameter-sets.ts";

/** The parameter set of linear scoring. */
export const LINEAR_PARAMETERS = "ckks-4096" satisfies HeParameterSetName;

/** What is thrown when ciphertext `index` of a peer is refused. */
export function refusedCiphertext(index: number): (reason: string) => SluiceError {
  return (reason) => new SluiceError("ERR_SCORE_CIPHERTEXT", { index, reason });
}

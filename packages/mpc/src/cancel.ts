/** Cancellation of long computations: they look at their signal between batches.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { setImmediate as nextTurn } from "node:timers/promises";

/** @throws ERR_CANCELLED when `signal` is aborted. */
export function checkCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new SluiceError("ERR_CANCELLED");
}

/** Lets an abort arrive, then looks. @throws ERR_CANCELLED */
export async function pause(signal: AbortSignal | undefined): Promise<void> {
  await nextTurn();
  checkCancelled(signal);
}

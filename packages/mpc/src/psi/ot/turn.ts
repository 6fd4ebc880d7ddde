/** Lets others have a turn between parts of a long computation, in Node and in browsers.
 *  @module */
import { SluiceError } from "@sluice/protocol";

/** Waits for a turn. @throws ERR_CANCELLED when the signal is aborted by then. */
export function turn(signal: AbortSignal | undefined): () => Promise<void> {
  return async () => {
    await new Promise((resolve) => setTimeout(resolve, 0));
    if (signal?.aborted === true) throw new SluiceError("ERR_CANCELLED");
  };
}

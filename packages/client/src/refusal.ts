/** Errors that this side raises: they say that the client refused, not the gateway or the domain.
 *  @module */
import { isSluiceError, SluiceError, type ErrorCode, type ErrorDetails } from "@sluice/protocol";

/** An error refused by the client. */
export function refusal(code: ErrorCode, details: ErrorDetails = {}, cause?: unknown): SluiceError {
  return new SluiceError(code, details, { cause, refusedBy: "client" });
}

/** ERR_CANCELLED when `signal` is aborted. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw refusal("ERR_CANCELLED", {}, signal.reason);
}

/** Runs `work`; what it refuses was refused by this client. */
export async function asClient<T>(work: () => Promise<T> | T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isSluiceError(error)) throw refusal(error.code, error.details, error);
    throw error;
  }
}

/** Requests of calls in progress and just ended, by call id. A retried call is answered with the receipt of its
 *  first attempt, which names the first attempt's request.
 *  @module */
import type { Sha256Hex, SignedRequest } from "@sluice/protocol";

/** Calls remembered. */
export const MAX_REMEMBERED_CALLS = 8_192;
/** Attempts remembered of one call. */
export const MAX_ATTEMPTS = 16;

/** Remembers the latest calls. */
export class RecentRequests {
  readonly #calls = new Map<string, Map<Sha256Hex, SignedRequest>>();

  /** Remembers a request under its hash. */
  add(hash: Sha256Hex, request: SignedRequest): void {
    const { callId } = request.body;
    const attempts = this.#calls.get(callId) ?? new Map<Sha256Hex, SignedRequest>();
    if (attempts.size < MAX_ATTEMPTS) attempts.set(hash, request);
    this.#calls.delete(callId);
    this.#calls.set(callId, attempts);
    if (this.#calls.size <= MAX_REMEMBERED_CALLS) return;
    for (const oldest of this.#calls.keys()) {
      this.#calls.delete(oldest);
      return;
    }
  }

  /** The request of that hash; null when it passed through an earlier process, or too long ago. */
  find(callId: string, hash: Sha256Hex): SignedRequest | null {
    return this.#calls.get(callId)?.get(hash) ?? null;
  }
}

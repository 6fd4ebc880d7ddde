/** Bounded attempts with growing waits, for faults that another attempt can outlive.
 *  @module */
import { SluiceError, type ErrorCode, type Random } from "@sluice/protocol";
import { MAX_BACKOFF_MS } from "./options.ts";
import { refusal, throwIfCancelled } from "./refusal.ts";

/** How often and how slowly to try again. */
export interface RetryPolicy {
  readonly maxAttempts: number;
  readonly backoffMs: number;
  readonly random: Random;
  readonly signal?: AbortSignal | undefined;
  /** Whether another attempt may succeed; `isTransient` unless given. */
  readonly outlives?: (error: unknown) => boolean;
}

/** Transient whoever reports them. */
const TRANSIENT_CODES: readonly ErrorCode[] = ["ERR_UNREACHABLE", "ERR_TIMEOUT", "ERR_POOL_FULL", "ERR_RATE_LIMIT"];

/** Runs `attempt` until it returns, fails for good, or has run `maxAttempts` times; then its last error is thrown.
 *  @throws ERR_CANCELLED */
export async function withRetries<T>(attempt: () => Promise<T>, policy: RetryPolicy): Promise<T> {
  for (let made = 1; ; made++) {
    throwIfCancelled(policy.signal);
    try {
      return await attempt();
    } catch (error) {
      const transient = (policy.outlives ?? isTransient)(error);
      if (made >= policy.maxAttempts || !transient) throw error;
    }
    await wait(backoffMs(made, policy), policy.signal);
  }
}

/** Whether another attempt may succeed: no answer came, or the peer reported a fault of its own.
 *  A verdict of the client about an answer is final. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof SluiceError)) return false;
  if (TRANSIENT_CODES.includes(error.code)) return true;
  return error.status >= 500 && error.refusedBy !== "client";
}

/** Ends after `ms` milliseconds. @throws ERR_CANCELLED at once when `signal` aborts. */
export async function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  throwIfCancelled(signal);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const onAbort = (): void => reject(refusal("ERR_CANCELLED", {}, signal?.reason));
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

/** Wait after `made` attempts: between half and all of the doubled wait, so that clients cut off together do not return together. */
export function backoffMs(made: number, policy: Pick<RetryPolicy, "backoffMs" | "random">): number {
  const ceiling = Math.min(policy.backoffMs * 2 ** (made - 1), MAX_BACKOFF_MS);
  const share = (policy.random.bytes(1)[0] ?? 0) / 255;
  return ceiling * (0.5 + share / 2);
}

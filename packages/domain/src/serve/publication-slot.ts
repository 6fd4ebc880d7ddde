/** When the outcome of a hidden run may be seen. How long user code computes is its own choice, and so a message: what it came to
 *  is kept back until the end of the slot that its duration falls in, whether it ended well or not.
 *  @module */
import { durationSlotMs, type Clock } from "@sluice/protocol";

/** Waits so long, or until `signal` aborts. */
export type Pause = (durationMs: number, signal: AbortSignal) => Promise<void>;

/** Waits by the system's timer. */
export const systemPause: Pause = (durationMs, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(end, durationMs);
    function end(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    }
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
  });

/** What `work` came to, or threw, and the end of its slot; not before that end when it is `hidden`. */
export async function inSlot<T>(
  { clock, pause }: { readonly clock: Clock; readonly pause: Pause },
  { hidden, signal }: { readonly hidden: boolean; readonly signal: AbortSignal },
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly slotMs: number }> {
  const startedAt = clock.now().getTime();
  const settled = await Promise.allSettled([work()]);
  const elapsedMs = Math.max(0, clock.now().getTime() - startedAt);
  const slotMs = durationSlotMs(elapsedMs);
  if (hidden) await pause(slotMs - elapsedMs, signal);
  const [outcome] = settled;
  if (outcome.status === "rejected") throw outcome.reason;
  return { value: outcome.value, slotMs };
}

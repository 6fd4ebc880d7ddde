/** Time for whatever waits: injected, so that tests decide when it passes.
 *  @module */

/** Monotonic time and alarms. */
export interface Timers {
  /** Milliseconds since some instant. */
  nowMs(): number;
  /** Calls `alarm` once after `ms`; the result takes it back. */
  after(ms: number, alarm: () => void): () => void;
}

/** Time of this process. An alarm does not keep it alive. */
export const systemTimers: Timers = {
  nowMs: () => performance.now(),
  after(ms, alarm) {
    const timer = setTimeout(alarm, ms);
    // A browser's alarm is a number.
    if (typeof timer === "object") timer.unref();
    return () => clearTimeout(timer);
  },
};

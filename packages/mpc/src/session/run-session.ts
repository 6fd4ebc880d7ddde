/** Runs one role of a session over a channel: frames that it gives go out as the peer reads them, frames that come are given
 *  to it one at a time, and neither waits for ever.
 *  @module */
import { SluiceError, type Bytes, type Session, type SessionStep } from "@sluice/protocol";
import { systemTimers, type Timers } from "../remote/timers.ts";
import type { FrameChannel } from "./channel.ts";
import { ended } from "./window-channel.ts";

/** Longest life of a session unless another is given. */
export const DEFAULT_SESSION_LIFETIME_MS = 15 * 60_000;
/** Longest wait for the peer: for its next frame, or until it reads. It may compute for as long. */
export const DEFAULT_SESSION_IDLE_MS = 120_000;

/** Limits of one run. */
export interface SessionOptions {
  readonly lifetimeMs?: number;
  readonly idleMs?: number;
  /** Ends the session with ERR_CANCELLED, also while the role computes: what its step then gives is dropped. */
  readonly signal?: AbortSignal | undefined;
  /** Time of the limits; that of this process unless given. */
  readonly timers?: Timers;
}

/** Runs `session` to its end and returns what it computed. Whatever ends it early, the peer is told that it was given up.
 *  @throws ERR_CANCELLED, ERR_TIMEOUT, ERR_SESSION_ENDED, ERR_SESSION_FRAME, and what the role throws */
export async function runSession(
  session: Session,
  channel: FrameChannel,
  { lifetimeMs = DEFAULT_SESSION_LIFETIME_MS, idleMs = DEFAULT_SESSION_IDLE_MS, signal, timers }: SessionOptions = {},
): Promise<unknown> {
  const limits = new Limits(timers ?? systemTimers, { lifetimeMs, idleMs }, signal);
  /** The step that is under way. */
  let stepping: Promise<unknown> | null = null;
  try {
    for (let frame: Bytes | undefined; ;) {
      const given = session.step(frame);
      stepping = given;
      const step = await limits.unlessEnded(given);
      stepping = null;
      frame = undefined;
      for (const sent of step.send) await limits.waiting((wait) => channel.send(sent, wait));
      if ("done" in step) {
        await limits.waiting((wait) => channel.finish(wait));
        return step.done;
      }
      if (step.send.length === 0) frame = await limits.waiting((wait) => nextFrame(channel, wait));
    }
  } catch (error) {
    channel.abandon(error instanceof Error ? error : new SluiceError("ERR_CANCELLED"));
    throw error;
  } finally {
    limits.close();
    const close = (): void => session.close?.();
    // A role that still computes is closed when it has: nobody waits for that.
    if (stepping === null) close();
    else void stepping.then(close, close);
  }
}

async function nextFrame(channel: FrameChannel, signal: AbortSignal): Promise<Bytes> {
  const frame = await channel.receive(signal);
  if (frame === null) throw ended("the peer ended before this side did");
  return frame;
}

/** Lifetime, cancellation, and the limit on each wait. */
class Limits {
  readonly #timers: Timers;
  readonly #idleMs: number;
  readonly #end = new AbortController();
  readonly #release: () => void;

  constructor(
    timers: Timers,
    { lifetimeMs, idleMs }: { readonly lifetimeMs: number; readonly idleMs: number },
    signal: AbortSignal | undefined,
  ) {
    this.#timers = timers;
    this.#idleMs = idleMs;
    const takeBack = timers.after(lifetimeMs, () => this.#end.abort(timedOut(lifetimeMs)));
    const onAbort = (): void => this.#end.abort(new SluiceError("ERR_CANCELLED"));
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
    this.#release = () => {
      takeBack();
      signal?.removeEventListener("abort", onAbort);
    };
  }

  /** What `work` gives, unless the session ends first; what it throws afterwards is not heard. */
  async unlessEnded(work: Promise<SessionStep>): Promise<SessionStep> {
    const { signal } = this.#end;
    const end = Promise.withResolvers<never>();
    const onAbort = (): void => end.reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      return await Promise.race([work, end.promise]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Work that waits for the peer, with the limit on waiting. */
  async waiting<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const wait = new AbortController();
    const takeBack = this.#timers.after(this.#idleMs, () => wait.abort(timedOut(this.#idleMs)));
    try {
      return await work(AbortSignal.any([this.#end.signal, wait.signal]));
    } finally {
      takeBack();
    }
  }

  close(): void {
    this.#release();
  }
}

function timedOut(timeoutMs: number): SluiceError {
  return new SluiceError("ERR_TIMEOUT", { timeoutMs });
}

/** Calls that are computed now, so that a stop reaches them: what was spent stays spent, and no answer leaves.
 *  @module */
import { SluiceError } from "@sluice/protocol";

/** Calls in flight; `Call` tells what each rests on. */
export class ActiveCalls<Call> {
  readonly #active = new Set<{ call: Call; abort: AbortController }>();

  /** Runs `work` with a signal that aborts when the call is stopped, or when `gone` does. */
  async run<T>(call: Call, gone: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const active = { call, abort: new AbortController() };
    this.#active.add(active);
    try {
      return await work(AbortSignal.any([gone, active.abort.signal]));
    } finally {
      this.#active.delete(active);
    }
  }

  /** Stops the calls that `concerned` says. */
  stop(concerned: (call: Call) => boolean): void {
    for (const { call, abort } of this.#active) if (concerned(call)) abort.abort(new SluiceError("ERR_CANCELLED"));
  }
}

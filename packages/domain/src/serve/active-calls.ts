/** Calls that are computed now, so that a stop reaches them: what was spent stays spent, and no answer leaves.
 *  @module */
import { SluiceError, type KeyId, type Sha256Hex } from "@sluice/protocol";

/** What a call rests on. */
interface CallOf {
  readonly grant: Sha256Hex;
  readonly keyId: KeyId;
}

/** Calls in flight. */
export class ActiveCalls {
  readonly #active = new Set<CallOf & { abort: AbortController }>();

  /** Runs `work` with a signal that aborts when the call is stopped, or when `gone` does. */
  async run<T>({ grant, keyId }: CallOf, gone: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const call = { grant, keyId, abort: new AbortController() };
    this.#active.add(call);
    try {
      return await work(AbortSignal.any([gone, call.abort.signal]));
    } finally {
      this.#active.delete(call);
    }
  }

  /** Stops the calls that `concerned` says. */
  stop(concerned: (call: CallOf) => boolean): void {
    for (const call of this.#active) if (concerned(call)) call.abort.abort(new SluiceError("ERR_CANCELLED"));
  }
}

/** Work under one name, one after another: a retry that comes while its first attempt is computed waits for its answer
 *  instead of computing it beside.
 *  @module */
import { SluiceError } from "@sluice/protocol";

/** Attempts that wait under one name: each holds its request in memory. */
export const MAX_WAITING_ATTEMPTS = 2;

/** Queues by name. */
export class OneAtATime {
  /** Present while work of a name is under way: what begins each of those that wait, in order of arrival. */
  readonly #waiting = new Map<string, (() => void)[]>();

  /** Runs `work` when everything that came before under `name` has ended, however it ended. Whoever aborts `signal`
   *  while it waits leaves its place, and nothing is done for it.
   *  @throws ERR_POOL_FULL, ERR_CANCELLED, and what `work` throws */
  async run<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#turn(name, signal);
    try {
      if (signal.aborted) throw new SluiceError("ERR_CANCELLED");
      return await work();
    } finally {
      this.#next(name);
    }
  }

  #turn(name: string, signal: AbortSignal): Promise<void> {
    const waiting = this.#waiting.get(name);
    if (waiting === undefined) {
      this.#waiting.set(name, []);
      return Promise.resolve();
    }
    if (waiting.length >= MAX_WAITING_ATTEMPTS) {
      throw new SluiceError("ERR_POOL_FULL", { maxQueue: MAX_WAITING_ATTEMPTS });
    }
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = (): void => {
        waiting.splice(waiting.indexOf(begin), 1);
        reject(new SluiceError("ERR_CANCELLED"));
      };
      signal.addEventListener("abort", leave, { once: true });
      waiting.push(begin);
    });
  }

  #next(name: string): void {
    const begin = this.#waiting.get(name)?.shift();
    if (begin === undefined) this.#waiting.delete(name);
    else begin();
  }
}

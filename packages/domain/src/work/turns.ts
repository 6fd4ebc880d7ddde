/** Turns at something that few may have at a time: those that wait get theirs in the order in which they came, and one that is
 *  cancelled leaves the queue.
 *  @module */
import { SluiceError } from "@sluice/protocol";

/** A number of places, and a queue for them. */
export class Turns {
  readonly #maxQueue: number;
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(places: number, maxQueue = Infinity) {
    this.#free = places;
    this.#maxQueue = maxQueue;
  }

  /** Takes a place, which `give` gives back; false when `signal` fired before there was one.
   *  @throws ERR_POOL_FULL when too many wait */
  take(signal?: AbortSignal): Promise<boolean> {
    if (signal?.aborted === true) return Promise.resolve(false);
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve(true);
    }
    if (this.#waiting.length >= this.#maxQueue) throw new SluiceError("ERR_POOL_FULL", { maxQueue: this.#maxQueue });
    return new Promise((resolve) => {
      const turn = (): void => {
        signal?.removeEventListener("abort", leave);
        resolve(true);
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(turn), 1);
        resolve(false);
      };
      this.#waiting.push(turn);
      signal?.addEventListener("abort", leave, { once: true });
    });
  }

  /** Gives a place back: to whoever waited longest. */
  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}

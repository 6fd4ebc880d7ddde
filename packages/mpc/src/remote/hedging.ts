/** When a second worker is asked the same: after the time in which 95 of 100 recent answers came, at most for one request
 *  in ten, so that a slow pool is not made slower by its own impatience.
 *  @see Dean and Barroso, The Tail at Scale, 2013 (hedged requests)
 *  @module */

/** Answers that the delay is taken from. */
const RECENT_ANSWERS = 128;
const PERCENTILE = 0.95;
/** Shortest delay: below it a second request costs more than it saves. */
export const MIN_HEDGE_DELAY_MS = 20;
/** Delay before there are answers to tell it from. */
export const FIRST_HEDGE_DELAY_MS = 250;
const ANSWERS_TO_TELL = 16;
/** One request in so many may be sent twice. */
export const REQUESTS_PER_HEDGE = 10;
/** Unused hedges that are kept. */
const MAX_SAVED_HEDGES = 10;

/** Decides for the requests of one domain. */
export class Hedging {
  readonly #recentMs: number[] = [];
  #next = 0;
  /** In requests: a hedge spends `REQUESTS_PER_HEDGE`. */
  #saved = 0;
  #hedges = 0;

  /** Second requests so far. */
  get hedges(): number {
    return this.#hedges;
  }

  /** Counts a request. */
  asked(): void {
    this.#saved = Math.min(this.#saved + 1, MAX_SAVED_HEDGES * REQUESTS_PER_HEDGE);
  }

  /** Notes how long an answer took. */
  answered(ms: number): void {
    this.#recentMs[this.#next] = ms;
    this.#next = (this.#next + 1) % RECENT_ANSWERS;
  }

  /** Wait so long before the second request. */
  delayMs(): number {
    if (this.#recentMs.length < ANSWERS_TO_TELL) return FIRST_HEDGE_DELAY_MS;
    const sorted = this.#recentMs.toSorted((a, b) => a - b);
    return Math.max(MIN_HEDGE_DELAY_MS, sorted[Math.ceil(sorted.length * PERCENTILE) - 1] ?? FIRST_HEDGE_DELAY_MS);
  }

  /** Takes leave for one second request; false when one in ten was sent twice already. */
  take(): boolean {
    if (this.#saved < REQUESTS_PER_HEDGE) return false;
    this.#saved -= REQUESTS_PER_HEDGE;
    this.#hedges += 1;
    return true;
  }
}

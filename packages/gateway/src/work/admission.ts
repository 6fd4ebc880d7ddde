/** Admission of production calls: a bound on how many are in flight and waiting, and on each party's rate.
 *  @module */
import { SluiceError, type Clock } from "@sluice/protocol";

/** Limits of admission. */
export interface AdmissionLimits {
  /** Calls in flight to domains. */
  readonly maxConcurrent: number;
  /** Calls waiting for their turn; more are refused at once. */
  readonly maxQueue: number;
  /** Calls of one party per second, sustained; bursts reach twice as many. */
  readonly callsPerSecond: number;
}

/** Limits unless a deployment says otherwise. */
export const DEFAULT_ADMISSION: AdmissionLimits = { maxConcurrent: 64, maxQueue: 1_024, callsPerSecond: 2_000 };

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Admits calls within the limits. */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();
  readonly #waiting: (() => void)[] = [];
  #inFlight = 0;

  constructor(limits: AdmissionLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Calls in flight. */
  get active(): number {
    return this.#inFlight;
  }

  /** Calls that wait for their turn. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Runs `call` for `party` when its turn comes. @throws ERR_RATE_LIMIT, ERR_POOL_FULL, or what `call` throws */
  async run<T>(party: string, call: () => Promise<T>): Promise<T> {
    this.#takeToken(party);
    await this.#enter();
    try {
      return await call();
    } finally {
      this.#leave();
    }
  }

  /** One token per call, refilled with time (a token bucket). */
  #takeToken(party: string): void {
    const { callsPerSecond } = this.#limits;
    const capacity = callsPerSecond * 2;
    const nowMs = this.#clock.now().getTime();
    const bucket = this.#buckets.get(party) ?? { tokens: capacity, atMs: nowMs };
    const elapsedMs = Math.max(0, nowMs - bucket.atMs);
    bucket.tokens = Math.min(capacity, bucket.tokens + (elapsedMs / 1_000) * callsPerSecond);
    bucket.atMs = nowMs;
    this.#buckets.set(party, bucket);
    if (bucket.tokens < 1) throw new SluiceError("ERR_RATE_LIMIT", { party, callsPerSecond });
    bucket.tokens -= 1;
  }

  async #enter(): Promise<void> {
    if (this.#inFlight < this.#limits.maxConcurrent) {
      this.#inFlight++;
      return;
    }
    const { maxQueue } = this.#limits;
    if (this.#waiting.length >= maxQueue) throw new SluiceError("ERR_POOL_FULL", { maxQueue });
    // The one who leaves hands its place over, so `#inFlight` stays as it is.
    await new Promise<void>((resolve) => void this.#waiting.push(resolve));
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#inFlight--;
    else next();
  }
}

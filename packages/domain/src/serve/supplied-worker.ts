/** One worker as a domain fills it. It may hold only what this process sent and would still send: what an earlier process sent it,
 *  or what it was perhaps not told to forget, may be of rows that were deleted since. Whenever that is in doubt it is cleared whole
 *  before anything else goes to it, again and again until it could be reached.
 *  @module */
import type { SendOptions, SentBody, Timers, WorkerLink } from "@sluice/mpc/remote/client";
import { SluiceError, type Sha256Hex } from "@sluice/protocol";

/** Time in which a worker takes a partition. */
const UPLOAD_DEADLINE_MS = 300_000;
const FORGET_DEADLINE_MS = 5_000;
/** A partition is not sent to the same worker more often: one that has not the memory for it is not sent it over and over. */
const MIN_SEND_INTERVAL_MS = 30_000;
const MAX_SENT = 4_096;
/** Time to the next try to clear a worker. */
export const CLEAR_RETRY_MS = 10_000;

/** How a worker is filled. */
export interface SuppliedWorkerOptions {
  readonly link: WorkerLink;
  readonly timers: Timers;
  /** Hears that it could not be cleared, once until it could. */
  readonly onFault: (error: unknown) => void;
  /** Hears of each attempt to clear it, when that has ended. */
  readonly onTried?: () => void;
}

/** A worker, and what it holds. */
export class SuppliedWorker {
  readonly link: WorkerLink;
  readonly #timers: Timers;
  readonly #onFault: (error: unknown) => void;
  readonly #onTried: () => void;
  /** As far as is known. */
  readonly #held = new Set<Sha256Hex>();
  readonly #uploads = new Map<Sha256Hex, Promise<void>>();
  /** Sent without an answer: it may hold them, or take them yet. */
  readonly #unanswered = new Set<Sha256Hex>();
  /** When a partition was last sent. */
  readonly #sentMs = new Map<Sha256Hex, number>();
  readonly #closing = new AbortController();
  /** Reasons to clear it so far, and those after which it was cleared. The first is that this process has just begun. */
  #doubts = 1;
  #cleared = 0;
  #clearing: Promise<void> | null = null;
  #takeBackRetry: () => void = () => {};
  #isFaultTold = false;

  /** Begins to clear it. */
  constructor({ link, timers, onFault, onTried = () => {} }: SuppliedWorkerOptions) {
    this.link = link;
    this.#timers = timers;
    this.#onFault = onFault;
    this.#onTried = onTried;
    this.#clear();
  }

  /** Whether it may be asked. */
  isUsable(): boolean {
    return this.#cleared === this.#doubts && this.link.isUsable();
  }

  /** Partitions that it holds, as far as is known. */
  get partitions(): number {
    return this.#held.size;
  }

  /** Whether it holds the partition, as far as is known. */
  holds(hash: Sha256Hex): boolean {
    return this.#held.has(hash);
  }

  /** As `WorkerLink.run`. */
  async run(task: string, input: unknown, options: SendOptions): Promise<unknown> {
    return await this.link.run(task, input, options);
  }

  /** Gives it `body` unless it holds it, was sent it just now, or could not be cleared. @throws as `WorkerLink.put` */
  async supply(body: SentBody, signal: AbortSignal): Promise<void> {
    await this.#clearing;
    const { hash } = body;
    if (signal.aborted || this.#cleared !== this.#doubts || this.#held.has(hash) || !this.#maySend(hash)) return;
    const upload = this.#upload(body, { deadlineMs: UPLOAD_DEADLINE_MS, signal });
    this.#uploads.set(hash, upload);
    try {
      await upload;
    } finally {
      this.#uploads.delete(hash);
    }
  }

  /** Notes that it does not hold the partition. */
  lost(hash: Sha256Hex): void {
    this.#held.delete(hash);
  }

  /** Has it forget a partition, whose upload was aborted if it is under way. When this returns it has, or is cleared as soon as
   *  it can be reached. */
  async forget(hash: Sha256Hex): Promise<void> {
    const upload = this.#uploads.get(hash);
    await upload?.catch(() => {});
    // A request to drop it could overtake what is still on its way: only a cleared worker is known not to take that.
    if (upload !== undefined || this.#unanswered.has(hash) || this.#cleared !== this.#doubts)
      return await this.#doubt();
    this.#held.delete(hash);
    this.#sentMs.delete(hash);
    try {
      await this.link.drop(hash, this.#forgetOptions());
    } catch {
      await this.#doubt();
    }
  }

  /** Waits until it is not being cleared. */
  async settled(): Promise<void> {
    while (this.#clearing !== null) await this.#clearing;
  }

  /** Ends what is under way; the worker keeps what it holds until a domain begins again. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#takeBackRetry();
    await this.settled();
  }

  async #upload(body: SentBody, options: SendOptions): Promise<void> {
    if (!(await this.link.holds(body, options))) {
      this.#unanswered.add(body.hash);
      await this.link.put(body, options);
      this.#unanswered.delete(body.hash);
    }
    this.#held.add(body.hash);
  }

  /** Nothing that it holds is known any more. */
  async #doubt(): Promise<void> {
    this.#doubts += 1;
    this.#clear();
    await this.settled();
  }

  #maySend(hash: Sha256Hex): boolean {
    const nowMs = this.#timers.nowMs();
    const sentMs = this.#sentMs.get(hash);
    if (this.#uploads.has(hash) || (sentMs !== undefined && nowMs - sentMs < MIN_SEND_INTERVAL_MS)) return false;
    this.#sentMs.delete(hash);
    this.#sentMs.set(hash, nowMs);
    const [oldest] = this.#sentMs.keys();
    if (this.#sentMs.size > MAX_SENT && oldest !== undefined) this.#sentMs.delete(oldest);
    return true;
  }

  /** Clears it in the background, once at a time. */
  #clear(): void {
    if (this.#clearing !== null || this.#closing.signal.aborted) return;
    this.#takeBackRetry();
    this.#clearing = this.#clearAll()
      .catch((error: unknown) => {
        if (this.#closing.signal.aborted) return;
        if (!this.#isFaultTold) this.#onFault(error);
        this.#isFaultTold = true;
        this.#takeBackRetry = this.#timers.after(CLEAR_RETRY_MS, () => this.#clear());
      })
      .finally(() => {
        this.#clearing = null;
        this.#onTried();
      });
  }

  async #clearAll(): Promise<void> {
    while (this.#cleared !== this.#doubts) {
      const doubts = this.#doubts;
      if (!this.link.load().up && !(await this.link.probe())) {
        throw new SluiceError("ERR_UNREACHABLE", { peer: this.link.url });
      }
      await this.link.clear(this.#forgetOptions());
      for (const known of [this.#held, this.#unanswered, this.#sentMs]) known.clear();
      this.#cleared = doubts;
    }
    this.#isFaultTold = false;
  }

  #forgetOptions(): SendOptions {
    return { deadlineMs: FORGET_DEADLINE_MS, signal: this.#closing.signal };
  }
}

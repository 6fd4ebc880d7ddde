/** Children that wait for a job, each for one: a claim takes the child out, and another is started in the background. They
 *  are started with the limits that the last claims asked for, so that a job like the one before needs nothing but to be
 *  sent; for another job the limits are lowered, or a child of its own is started. No child ever waits twice.
 *
 *  Nothing here knows what the script does: whoever opens a pool says how its children start and how they are limited.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { canLower, sameLimits, type ChildLimits } from "./child-limits.ts";
import { killChild, type ReadyChild } from "./start-child.ts";

/** Children that wait, unless told otherwise. */
export const DEFAULT_WARM_CHILDREN = 2;
/** Time from a claim to the start of another child, so that a short job is not slowed by it. */
const REFILL_DELAY_MS = 20;
/** Children that may fail one after the other before none is started but for a claim. */
const MAX_FAILURES = 3;

/** How to open a pool. */
export interface PoolOptions {
  /** Children that wait. */
  readonly size: number;
  /** Limits of the first ones. */
  readonly expected: ChildLimits;
  /** @throws ERR_SANDBOX_START, ERR_CANCELLED; then nothing is left of the child. */
  readonly start: (limits: ChildLimits, signal: AbortSignal) => Promise<ReadyChild>;
  /** Lowers the limits of a child that waits. @throws when they are not what was asked for afterwards. */
  readonly lower: (child: ReadyChild, limits: ChildLimits) => Promise<void>;
}

/** A pool of children of one script. */
export interface ChildPool {
  /** A child with exactly these limits. The caller ends it.
   *  @throws ERR_SANDBOX_START, ERR_SANDBOX_LAYER_MISSING, and ERR_CANCELLED, also after `close` */
  claim(limits: ChildLimits, signal?: AbortSignal): Promise<ReadyChild>;
  /** Resolves when as many children wait as should, or when starting them has failed too often. */
  filled(): Promise<void>;
  /** Process ids of the children that wait. */
  waiting(): number[];
  /** Ends the children that wait, and claims that have none yet. */
  close(): Promise<void>;
}

/** A child that waits or soon will. */
interface Entry {
  readonly limits: ChildLimits;
  readonly ready: Promise<ReadyChild | undefined>;
  child?: ReadyChild;
}

/** Opens a pool and starts its children. */
export function openPool(options: PoolOptions): ChildPool {
  return new WarmPool(options);
}

class WarmPool implements ChildPool {
  readonly #options: PoolOptions;
  readonly #closing = new AbortController();
  readonly #entries: Entry[] = [];
  /** Limits of the children to come. */
  readonly #owed: ChildLimits[] = [];
  readonly #ending = new Set<Promise<unknown>>();
  #refill: NodeJS.Timeout | undefined;
  #failures = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
    for (let i = 0; i < options.size; i++) this.#owed.push(options.expected);
    this.#startOwed();
  }

  async claim(limits: ChildLimits, signal?: AbortSignal): Promise<ReadyChild> {
    if (this.#closing.signal.aborted) throw new SluiceError("ERR_CANCELLED", {});
    const stop = AbortSignal.any(signal === undefined ? [this.#closing.signal] : [this.#closing.signal, signal]);
    const entry = this.#take(limits);
    const child = entry === undefined ? undefined : await entry.ready;
    if (entry === undefined || child === undefined) return await this.#startFor(limits, stop);
    try {
      if (stop.aborted) throw new SluiceError("ERR_CANCELLED", {});
      if (!sameLimits(entry.limits, limits)) await this.#options.lower(child, limits);
      if (child.process.exitCode === null && child.process.signalCode === null) {
        this.#recover();
        return child;
      }
    } catch (error) {
      await killChild(child);
      throw error;
    }
    // It died while it waited.
    await killChild(child);
    return await this.#startFor(limits, stop);
  }

  async filled(): Promise<void> {
    while (!this.#closing.signal.aborted && this.#failures < MAX_FAILURES) {
      this.#startOwed();
      const coming = this.#entries.filter(({ child }) => child === undefined);
      if (coming.length === 0) return;
      await Promise.all(coming.map(({ ready }) => ready));
    }
  }

  waiting(): number[] {
    return this.#entries.flatMap(({ child }) => child?.process.pid ?? []);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#refill);
    this.#owed.length = 0;
    for (const entry of this.#entries.splice(0)) this.#end(entry);
    while (this.#ending.size > 0) await Promise.all(this.#ending);
  }

  /** Takes out the child that fits best: with these limits and ready, or soon, or one whose limits can be lowered. */
  #take(limits: ChildLimits): Entry | undefined {
    const same = this.#entries.filter((entry) => sameLimits(entry.limits, limits));
    const entry =
      same.find(({ child }) => child !== undefined) ??
      same[0] ??
      this.#entries.find((other) => other.child !== undefined && canLower(other.limits, limits));
    // The next one has the heap that was asked for now, and may use as much of the system as the one before.
    if (entry !== undefined) this.#remove(entry, { ...entry.limits, heapMebibytes: limits.heapMebibytes });
    return entry;
  }

  /** A child for one claim. The next such claim shall find one: it takes the place of the one that has waited longest. */
  async #startFor(limits: ChildLimits, signal: AbortSignal): Promise<ReadyChild> {
    const child = await this.#options.start(limits, signal);
    this.#recover();
    if (this.#closing.signal.aborted) {
      await killChild(child);
      throw new SluiceError("ERR_CANCELLED", {});
    }
    const oldest = this.#entries.length + this.#owed.length < this.#options.size ? undefined : this.#entries[0];
    const wanted = ![...this.#entries, ...this.#owed.map((owed) => ({ limits: owed }))].some((entry) =>
      sameLimits(entry.limits, limits),
    );
    if (wanted && oldest !== undefined) {
      this.#remove(oldest, limits);
      this.#end(oldest);
    } else if (wanted && this.#owed.length > 0) {
      this.#owed[0] = limits;
    }
    return child;
  }

  #remove(entry: Entry, next: ChildLimits): void {
    const index = this.#entries.indexOf(entry);
    if (index < 0) return;
    this.#entries.splice(index, 1);
    if (this.#closing.signal.aborted) return;
    this.#owed.push(next);
    this.#refill ??= setTimeout(() => this.#startOwed(), REFILL_DELAY_MS);
  }

  /** A child was handed out alive: what was given up after failures is started again, a moment from now. */
  #recover(): void {
    if (this.#failures === 0 || this.#closing.signal.aborted) return;
    this.#failures = 0;
    if (this.#owed.length > 0) this.#refill ??= setTimeout(() => this.#startOwed(), REFILL_DELAY_MS);
  }

  #startOwed(): void {
    clearTimeout(this.#refill);
    this.#refill = undefined;
    if (this.#failures >= MAX_FAILURES) return;
    for (const limits of this.#owed.splice(0)) this.#startWarm(limits);
  }

  #startWarm(limits: ChildLimits): void {
    const started = this.#options.start(limits, this.#closing.signal);
    const ready = started.then(
      (child) => {
        entry.child = child;
        void child.exited.then(() => this.#lost(entry));
        return child;
      },
      () => {
        this.#lost(entry);
        return undefined;
      },
    );
    const entry: Entry = { limits, ready };
    this.#entries.push(entry);
  }

  /** A child ended that nobody had claimed. */
  #lost(entry: Entry): void {
    if (!this.#entries.includes(entry)) return;
    this.#failures++;
    this.#remove(entry, entry.limits);
  }

  #end(entry: Entry): void {
    const ended = entry.ready.then((child) => (child === undefined ? undefined : killChild(child)));
    this.#ending.add(ended);
    void ended.finally(() => this.#ending.delete(ended));
  }
}

/** Whether this domain may work at all, whatever a grant says. A domain that is not sure of its own memory, of the time, or
 *  of having heard of every stop refuses each use; it still shows its log and products, and takes what stops work.
 *  @module */
import { MAX_CLOCK_SKEW_MS, SluiceError, type Clock, type Instant, type Status } from "@sluice/protocol";
import type { DomainConfig } from "../config.ts";
import type { HeldGrant } from "../state/documents.ts";
import type { RollbackStore } from "../state/rollback.ts";

/** What a standing rests on. */
export interface StandingOptions {
  readonly config: Pick<DomainConfig, "domain" | "grantsFrom" | "maxLeaseMs">;
  readonly rollback: RollbackStore;
  /** The latest status, or null. */
  readonly status: Status | null;
  /** Instants that the state has noted; null where there is none. */
  readonly noted: () => readonly (Instant | null)[];
}

/** The standing of one domain. */
export class Standing {
  readonly #options: StandingOptions;
  readonly #grantsFrom: Instant | null;
  readonly #refused = new AbortController();
  #status: Status | null;
  /** Resolves when something of what follows has changed. */
  #change = Promise.withResolvers<void>();
  /** Entries of the log that the witnesses must have cosigned, since when; null when they have. */
  #unwitnessed: { size: number; since: Instant } | null = null;

  constructor(options: StandingOptions) {
    const { reason, grantsFrom } = options.rollback.read();
    this.#options = options;
    this.#status = options.status;
    this.#grantsFrom = later(grantsFrom, options.config.grantsFrom ?? null);
    if (reason !== null) this.#refused.abort(reason);
  }

  /** Why everything is refused until a person decides, or null. */
  get rolledBack(): string | null {
    return this.#refused.signal.aborted ? String(this.#refused.signal.reason) : null;
  }

  /** Aborts when the domain has to stop for good. */
  get refused(): AbortSignal {
    return this.#refused.signal;
  }

  /** Refuses all work from now on and after every restart. */
  refuse(reason: string): void {
    if (this.rolledBack !== null) return;
    this.#options.rollback.refuse(reason);
    this.#refused.abort(reason);
    this.#changed();
  }

  /** Refuses work, in this process, until the witnesses have cosigned `size` entries of the log. */
  needWitnesses(size: number, since: Date): void {
    this.#unwitnessed = { size, since: since.toISOString() };
  }

  /** The witnesses have cosigned `size` entries. */
  witnessed(size: number): void {
    if (this.#unwitnessed !== null && size >= this.#unwitnessed.size) this.#unwitnessed = null;
    this.#changed();
  }

  /** Whether the witnesses have cosigned what they must have. */
  get isWitnessed(): boolean {
    return this.#unwitnessed === null;
  }

  /** The latest status is another. */
  extend(status: Status): void {
    this.#status = status;
    this.#changed();
  }

  /** Waits until work is not held up by witnesses or the lease, or is refused for good. @throws ERR_CANCELLED */
  async settled(clock: Clock, signal: AbortSignal): Promise<void> {
    const cancelled = Promise.withResolvers<never>();
    const cancel = (): void => cancelled.reject(new SluiceError("ERR_CANCELLED"));
    signal.addEventListener("abort", cancel, { once: true });
    if (signal.aborted) cancel();
    try {
      while (this.rolledBack === null && (!this.isWitnessed || (this.leaseMs(clock.now()) ?? 1) <= 0)) {
        await Promise.race([this.#change.promise, cancelled.promise]);
      }
    } finally {
      signal.removeEventListener("abort", cancel);
      cancelled.promise.catch(() => {});
    }
  }

  #changed(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  /** Milliseconds for which the lease still lasts, below zero when it has ended; null when none is needed. */
  leaseMs(now: Date): number | null {
    if (this.#options.config.maxLeaseMs === undefined) return null;
    return this.#status === null ? -1 : Date.parse(this.#status.validUntil) - now.getTime();
  }

  /** Passes when uses of `held` may be admitted.
   *  @throws ERR_ROLLED_BACK, ERR_GRANT_BURNED, ERR_CLOCK, ERR_NOT_WITNESSED, ERR_LEASE_ENDED */
  assertWorks(held: HeldGrant, now: Date): void {
    const { domain } = this.#options.config;
    const reason = this.rolledBack;
    if (reason !== null) throw new SluiceError("ERR_ROLLED_BACK", { reason });
    const resumedAt = this.#grantsFrom;
    // Written so that an instant that is none refuses.
    if (resumedAt !== null && !(Date.parse(held.grant.body.notBefore) >= Date.parse(resumedAt))) {
      throw new SluiceError("ERR_GRANT_BURNED", { resumedAt });
    }
    const instants = [...this.#options.noted(), this.#status?.issuedAt ?? null];
    const latest = instants.reduce(later, null);
    if (latest !== null && now.getTime() < Date.parse(latest) - MAX_CLOCK_SKEW_MS) throw new SluiceError("ERR_CLOCK");
    if (this.#unwitnessed !== null) {
      throw new SluiceError("ERR_NOT_WITNESSED", { domain, since: this.#unwitnessed.since });
    }
    const leftMs = this.leaseMs(now);
    if (leftMs !== null && !(leftMs > 0)) {
      throw new SluiceError("ERR_LEASE_ENDED", { validUntil: this.#status?.validUntil ?? "never" });
    }
  }
}

function later(one: Instant | null, other: Instant | null): Instant | null {
  if (one === null || other === null) return one ?? other;
  return Date.parse(one) > Date.parse(other) ? one : other;
}

/** Whether this domain may work at all, whatever a grant says. A domain that is not sure of its own memory refuses every
 *  use; it still shows its log and products, and takes what stops work.
 *  @module */
import { SluiceError, type Instant } from "@sluice/protocol";
import type { HeldGrant } from "../state/documents.ts";
import type { RollbackStore } from "../state/rollback.ts";

/** What is told when the standing changes. */
export interface StandingOptions {
  readonly rollback: RollbackStore;
  /** Grants that began before are void from the domain's creation on; see `DomainConfig`. */
  readonly grantsFrom: Instant | undefined;
  /** Called when a domain at work finds that it has to stop. */
  readonly onRefused: () => void;
}

/** The standing of one domain. */
export class Standing {
  readonly #options: StandingOptions;
  #rolledBack: string | null;
  readonly #grantsFrom: Instant | null;

  constructor(options: StandingOptions) {
    const { reason, grantsFrom } = options.rollback.read();
    this.#options = options;
    this.#rolledBack = reason;
    this.#grantsFrom = later(grantsFrom, options.grantsFrom ?? null);
  }

  /** Why everything is refused until a person decides, or null. */
  get rolledBack(): string | null {
    return this.#rolledBack;
  }

  /** Refuses all work from now on and after every restart. */
  refuse(reason: string): void {
    if (this.#rolledBack !== null) return;
    this.#options.rollback.refuse(reason);
    this.#rolledBack = reason;
    this.#options.onRefused();
  }

  /** Passes when uses of `held` may be admitted. @throws ERR_ROLLED_BACK, ERR_GRANT_BURNED */
  assertWorks(held: HeldGrant): void {
    if (this.#rolledBack !== null) throw new SluiceError("ERR_ROLLED_BACK", { reason: this.#rolledBack });
    const resumedAt = this.#grantsFrom;
    // Written so that an instant that is none refuses.
    if (resumedAt !== null && !(Date.parse(held.grant.body.notBefore) >= Date.parse(resumedAt))) {
      throw new SluiceError("ERR_GRANT_BURNED", { resumedAt });
    }
  }
}

function later(one: Instant | null, other: Instant | null): Instant | null {
  if (one === null || other === null) return one ?? other;
  return Date.parse(one) > Date.parse(other) ? one : other;
}

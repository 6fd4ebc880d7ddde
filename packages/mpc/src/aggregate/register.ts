/** What a domain remembers of the aggregations that it took part in. A plan is used once. The same statistic is had over one set
 *  of parties and one set of survivors only: the difference of two sums would be the part of who is in one of them.
 *  @module */
import type { KeyId, Sha256Hex } from "@sluice/protocol";

/** What a party is about to do. */
export interface AggregateEntry {
  readonly plan: Sha256Hex;
  /** Hash of what is asked, whoever takes part. */
  readonly subject: Sha256Hex;
  /** All parties of the plan, or its survivors, sorted. */
  readonly parties: readonly KeyId[];
}

/** Whether it may: null, or why not. */
export type AggregateRefusal = string | null;

/** A domain keeps one; what it answers with null is durable before it answers, and survives a restart. */
export interface AggregateRegister {
  /** Before the first message of a plan. */
  admit(entry: AggregateEntry): Promise<AggregateRefusal>;
  /** Before the survivor set is signed. */
  settle(entry: AggregateEntry): Promise<AggregateRefusal>;
}

/** A register that lasts as long as the process. */
export function memoryAggregateRegister(): AggregateRegister {
  const plans = new Set<Sha256Hex>();
  const parties = new Map<Sha256Hex, string>();
  const survivors = new Map<Sha256Hex, string>();
  const held = (sets: Map<Sha256Hex, string>, entry: AggregateEntry): boolean => {
    const set = entry.parties.join(" ");
    const before = sets.get(entry.subject);
    if (before === undefined) sets.set(entry.subject, set);
    return before === undefined || before === set;
  };
  return {
    admit(entry) {
      if (plans.has(entry.plan)) return Promise.resolve("its plan was used before");
      if (!held(parties, entry)) return Promise.resolve("the same statistic was asked over other parties");
      plans.add(entry.plan);
      return Promise.resolve(null);
    },
    settle(entry) {
      return Promise.resolve(held(survivors, entry) ? null : "the same statistic was had of other survivors");
    },
  };
}

/** What a domain remembers of the aggregations that it took part in. A plan is used once. Sums of one population are had over one
 *  set of parties and one set of survivors only, whatever is added up: the difference of two sums would be the part of who is in
 *  one of them. Those survivors may also be all parties of a later plan.
 *  Every party keeps to this, so a sum with an honest party in it is the only one with that party: no combination of sums takes the
 *  others of its set away from it.
 *  @module */
import type { KeyId, Sha256Hex } from "@sluice/protocol";

/** What a party is about to do. */
export interface AggregateEntry {
  readonly plan: Sha256Hex;
  /** `aggregateSubject` of the plan. A domain that also knows its rows by itself, by the state of a table, keeps one set for that too. */
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
  return {
    admit({ plan, subject, parties: all }) {
      const set = all.join(" ");
      if (plans.has(plan)) return Promise.resolve("its plan was used before");
      const before = parties.get(subject);
      if (before !== undefined && before !== set && survivors.get(subject) !== set) {
        return Promise.resolve("sums of the same population were asked over other parties");
      }
      if (before === undefined) parties.set(subject, set);
      plans.add(plan);
      return Promise.resolve(null);
    },
    settle({ subject, parties: left }) {
      const set = left.join(" ");
      const before = survivors.get(subject);
      if (before === undefined) survivors.set(subject, set);
      const same = before === undefined || before === set;
      return Promise.resolve(same ? null : "sums of the same population were had of other survivors");
    },
  };
}

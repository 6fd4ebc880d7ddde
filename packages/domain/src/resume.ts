/** Going on after a loss: the decision of a person, at the machine of the domain, with the domain stopped.
 *  @module */
import { join } from "node:path";
import { lockDirectory } from "@sluice/evidence";
import { SluiceError, type Clock, type Instant } from "@sluice/protocol";
import { readConfig } from "./config.ts";
import { SIGNED_MORE, SIGNED_OTHER } from "./serve/accept-checkpoint.ts";
import { LOG_BEHIND } from "./serve/recover-log.ts";
import { AggregateStore } from "./state/aggregates.ts";
import { CountSpends } from "./state/count-spends.ts";
import { StateDatabase } from "./state/database.ts";
import { EventStore } from "./state/events.ts";
import { MembershipStore } from "./state/memberships.ts";
import { PrivacyStore } from "./state/privacy.ts";
import { RollbackStore } from "./state/rollback.ts";
import { UseStore } from "./state/uses.ts";

/** What was decided: grants that begin before this instant are void in the domain. */
export interface Resumed {
  readonly domain: string;
  readonly grantsFrom: Instant;
}

/** Lets a domain work again that refused everything because its state is older than its log, or because a witness spoke
 *  against it. What was spent in between is not known: so every grant that began before is void, whatever is left of it, and every privacy budget is
 *  taken as spent, those of counts too; and tables that are as they were are added up with no other domain.
 *  @throws ERR_STATE when the domain refuses nothing, or has lost entries of its log or signed another history of it; ERR_DIRECTORY_LOCKED while it runs */
export async function resumeDomain(directory: string, { clock }: { clock: Clock }): Promise<Resumed> {
  const { domain } = await readConfig(directory);
  const lock = await lockDirectory(directory);
  try {
    const db = new StateDatabase(join(directory, "state.sqlite"));
    try {
      return { domain, grantsFrom: resume(db, domain, clock.now()) };
    } finally {
      db.close();
    }
  } finally {
    lock.release();
  }
}

function resume(db: StateDatabase, name: string, now: Date): Instant {
  const rollback = new RollbackStore(db);
  const events = new EventStore(db);
  const { reason } = rollback.read();
  if (reason === null) {
    throw new SluiceError("ERR_STATE", {
      kind: "domain",
      name,
      state: "at work",
      needed: "a domain that refuses work",
    });
  }
  // Others hold proofs of entries that it could not show any more, or signed checkpoints that no one log has.
  if ([LOG_BEHIND, SIGNED_MORE, SIGNED_OTHER].includes(reason)) {
    const needed = "its newest log, or a new directory: sluice domain init --grants-from";
    throw new SluiceError("ERR_STATE", { kind: "domain", name, state: "without entries of its log", needed });
  }
  // Never before an instant that is known to have been, should the clock have gone back.
  const known = [events.latest(), new UseStore(db).latest(), rollback.read().grantsFrom].map((at) =>
    Date.parse(at ?? ""),
  );
  const grantsFrom = new Date(Math.max(now.getTime(), ...known.filter((at) => !Number.isNaN(at)))).toISOString();
  db.transaction(() => {
    events.put({ kind: "rolled-back" }, now);
    events.put({ kind: "resumed" }, now);
    new MembershipStore(db).endAll(grantsFrom);
    new PrivacyStore(db, events, { now: () => now }).spendAll(grantsFrom);
    new CountSpends(db).loseAll();
    new AggregateStore(db).loseAll(grantsFrom);
    rollback.resume(grantsFrom);
  });
  return grantsFrom;
}

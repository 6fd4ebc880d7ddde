/** The privacy budget of a table: what the department allows all answers about it to give of one person, over all scenes,
 *  parties and snapshots. Set at the machine of the domain, with the domain stopped.
 *  @module */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { lockDirectory } from "@sluice/evidence";
import { documentHash, FieldName, Name, SluiceError, type Clock } from "@sluice/protocol";
import { readConfig } from "./config.ts";
import { CountSpends, type CountAccount } from "./state/count-spends.ts";
import { StateDatabase } from "./state/database.ts";
import { EventStore } from "./state/events.ts";
import { PrivacyStore } from "./state/privacy.ts";
import { readRollback } from "./state/rollback.ts";

/** A budget and what is gone of it, in millionths of ρ. */
export interface PrivacyBudget {
  readonly resource: string;
  /** Null when the department has allowed nothing. */
  readonly budget: bigint | null;
  /** Column whose values are the persons that it counts for; null without a budget. */
  readonly person: string | null;
  readonly spent: bigint;
  /** Spends so far. */
  readonly entries: number;
  /** What counts of matches told each caller, by state of the table, the newest first; these have budgets of their own. */
  readonly counts: readonly CountAccount[];
}

/** What the department decides. */
export interface BudgetDecision {
  /** Millionths of ρ in all, spent ones included. */
  readonly budget: bigint;
  /** Millionths of ρ that are written down as spent, beside what the ledger has: of answers that this domain does not know. */
  readonly spent?: bigint | undefined;
  /** Column whose values are the persons; needed the first time, and the same for good once something was spent. */
  readonly person?: string | undefined;
  readonly clock: Clock;
}

/** The budget of `resource`. @throws ERR_BODY_INVALID, ERR_DIRECTORY_STATE */
export async function readPrivacyBudget(directory: string, resource: string): Promise<PrivacyBudget> {
  await readConfig(directory);
  const name = nameOf(resource);
  // A domain that never started has no state.
  if (!existsSync(stateFile(directory))) {
    return { resource: name, budget: null, person: null, spent: 0n, entries: 0, counts: [] };
  }
  using state = openState(directory, name, { readOnly: true });
  return state.budget();
}

/** Sets the budget of `resource`. The decision is an event of the domain's log from the next start on.
 *  @throws ERR_STATE when the domain was resumed or begun anew, so that earlier spends are not known, and no decision since
 *  then says what they were, or something was spent by another column; ERR_BODY_INVALID, ERR_DIRECTORY_STATE, ERR_DIRECTORY_LOCKED */
export async function setPrivacyBudget(
  directory: string,
  resource: string,
  { budget, spent, person, clock }: BudgetDecision,
): Promise<PrivacyBudget> {
  await readConfig(directory);
  const name = nameOf(resource);
  using _lock = await lockDirectory(directory);
  using state = openState(directory, name, { clock });
  const { db, events, privacy } = state;
  const column = personColumn(privacy, name, person);
  const amounts = { budget: String(budget), spent: String(spent ?? 0n) };
  const subject = await documentHash({ type: "privacy-budget", resource: name, person: column, ...amounts });
  if (spent === undefined && !privacy.isTold(name) && readRollback(db).grantsFrom !== null) {
    throw new SluiceError("ERR_STATE", {
      kind: "table",
      name,
      state: "without its earlier spends: the domain was resumed, or begun anew",
      needed: "what they were beside those of its ledger (--spent RHO)",
    });
  }
  db.transaction(() => {
    const at = clock.now();
    if (spent !== undefined && spent > 0n) privacy.assume(name, spent, at.toISOString());
    privacy.tell(name);
    privacy.setBudget(name, budget, column, at.toISOString());
    events.put({ kind: "privacy-budget", subject }, at);
  });
  return state.budget();
}

function openState(
  directory: string,
  resource: string,
  { readOnly = false, clock = { now: () => new Date(0) } }: { readonly readOnly?: boolean; readonly clock?: Clock },
): Disposable & { db: StateDatabase; events: EventStore; privacy: PrivacyStore; budget: () => PrivacyBudget } {
  const db = new StateDatabase(stateFile(directory), { readOnly });
  const events = new EventStore(db);
  const privacy = new PrivacyStore(db, events, clock);
  return {
    db,
    events,
    privacy,
    budget: () => {
      const { budget, spent, length } = privacy.read(resource);
      const counts = new CountSpends(db).accounts(resource);
      return { resource, budget, person: privacy.person(resource), spent, entries: length, counts };
    },
    [Symbol.dispose]: () => db.close(),
  };
}

function stateFile(directory: string): string {
  return join(directory, "state.sqlite");
}

/** The column that counts from now on. @throws ERR_BODY_INVALID, ERR_STATE */
function personColumn(privacy: PrivacyStore, resource: string, asked: string | undefined): string {
  const known = privacy.person(resource);
  if (asked === undefined && known !== null) return known;
  const parsed = FieldName.safeParse(asked);
  if (!parsed.success) {
    throw new SluiceError("ERR_BODY_INVALID", { pointer: "/person", expected: "the column that says whose row it is" });
  }
  if (known !== null && known !== parsed.data && privacy.read(resource).length > 0) {
    const state = `counted by ${known}, of which something was spent`;
    throw new SluiceError("ERR_STATE", { kind: "table", name: resource, state, needed: "the same column" });
  }
  return parsed.data;
}

function nameOf(resource: string): string {
  const parsed = Name.safeParse(resource);
  if (parsed.success) return parsed.data;
  throw new SluiceError("ERR_BODY_INVALID", { pointer: "/resource", expected: "the name of a resource" });
}

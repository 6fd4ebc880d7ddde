/** What the ends of runs may tell under a grant: shown, and more allowed, by an officer at the machine of the domain. To allow
 *  more, the domain stands still.
 *  @module */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { lockDirectory } from "@sluice/evidence";
import { documentHash, SluiceError, type Clock, type Name, type Sha256Hex } from "@sluice/protocol";
import { readConfig } from "./config.ts";
import { MILLIBITS, OUTCOME_BITS } from "./serve/outcome-cost.ts";
import { StateDatabase } from "./state/database.ts";
import { DocumentStore } from "./state/documents.ts";
import { EventStore } from "./state/events.ts";
import { OutcomeStore, type OutcomeOperation } from "./state/outcomes.ts";

/** What runs of one kind may tell under one grant, in bits. */
export interface OutcomeBudget {
  readonly grant: Sha256Hex;
  readonly resource: Name;
  readonly operation: OutcomeOperation;
  readonly allowedBits: number;
  /** Rounded up. */
  readonly spentBits: number;
  readonly runs: number;
}

/** What the department decides. */
export interface OutcomeDecision {
  readonly grant: Sha256Hex;
  readonly operation: OutcomeOperation;
  /** Whole bits beside what was allowed. */
  readonly bits: number;
  readonly clock: Clock;
}

/** Most bits that one decision adds. */
export const MAX_ADDED_BITS = 65_536;

const OPERATIONS: readonly OutcomeOperation[] = ["develop", "build"];

/** The budgets of every grant of the domain. @throws ERR_DIRECTORY_STATE */
export async function readOutcomeBudgets(directory: string): Promise<OutcomeBudget[]> {
  await readConfig(directory);
  // A domain that never started has no state.
  if (!existsSync(stateFile(directory))) return [];
  const db = new StateDatabase(stateFile(directory), { readOnly: true });
  try {
    const grants = new DocumentStore(db).grants();
    return grants.flatMap(({ hash, grant }) =>
      OPERATIONS.map((operation) => budgetOf(db, { grant: hash, operation, resource: grant.body.resource })),
    );
  } finally {
    db.close();
  }
}

/** Lets the runs of a grant tell more. The decision is an event of the domain's log from the next start on.
 *  @throws ERR_NOT_FOUND, ERR_BODY_INVALID, ERR_DIRECTORY_STATE, ERR_DIRECTORY_LOCKED */
export async function allowOutcomes(directory: string, decision: OutcomeDecision): Promise<OutcomeBudget> {
  const { grant, operation, bits, clock } = decision;
  await readConfig(directory);
  if (!Number.isSafeInteger(bits) || bits < 1 || bits > MAX_ADDED_BITS) {
    throw new SluiceError("ERR_BODY_INVALID", { pointer: "/bits", expected: `1 to ${MAX_ADDED_BITS}` });
  }
  using _lock = await lockDirectory(directory);
  const db = new StateDatabase(stateFile(directory));
  try {
    const held = new DocumentStore(db).grant(grant);
    if (held === null) throw new SluiceError("ERR_NOT_FOUND", { kind: "grant", name: grant });
    const at = clock.now();
    const before = new OutcomeStore(db).read(grant, operation).added;
    const subject = await documentHash({ type: "outcome-budget", grant, operation, bits, before });
    db.transaction(() => {
      new OutcomeStore(db).allow(grant, operation, bits * MILLIBITS, at.toISOString());
      new EventStore(db).put({ kind: "outcome-budget", subject }, at);
    });
    return budgetOf(db, { grant, operation, resource: held.grant.body.resource });
  } finally {
    db.close();
  }
}

function budgetOf(db: StateDatabase, named: Pick<OutcomeBudget, "grant" | "operation" | "resource">): OutcomeBudget {
  const { added, spent, runs } = new OutcomeStore(db).read(named.grant, named.operation);
  const allowedBits = OUTCOME_BITS[named.operation] + added / MILLIBITS;
  return { ...named, allowedBits, spentBits: Math.ceil(spent / MILLIBITS), runs };
}

function stateFile(directory: string): string {
  return join(directory, "state.sqlite");
}

/** The ledger of what outcomes of runs may tell: for each grant, and so for one table and one party, the bits of its runs. A run
 *  takes the price of its dearest outcome before it begins, and gives back the difference when it ended for less; what a crash
 *  leaves stays spent. Entries are only ever appended, and lowered once; the database itself refuses anything else.
 *  @module */
import type { Instant, Name, Sha256Hex } from "@sluice/protocol";
import type { StateDatabase } from "./database.ts";

/** Runs of which the ledger keeps account. */
export type OutcomeOperation = "develop" | "build";

/** What the runs of one grant may tell, in thousandths of a bit. */
export interface OutcomeAccount {
  readonly grant: Sha256Hex;
  readonly operation: OutcomeOperation;
  /** What officers allowed beside what every grant has. */
  readonly added: number;
  readonly spent: number;
  readonly runs: number;
}

/** A run that is about to begin. */
export interface OutcomeReservation {
  readonly callId: string;
  readonly grant: Sha256Hex;
  readonly resource: Name;
  readonly operation: OutcomeOperation;
  readonly completed: number;
  readonly failed: number;
}

/** Tables of spends and of what officers added. */
export class OutcomeStore {
  readonly #db: StateDatabase;

  constructor(db: StateDatabase) {
    this.#db = db;
  }

  /** Takes the price of the run's dearest outcome, in the caller's transaction, when so much is left of `usual` and of what was
   *  added. Whether it was taken. */
  reserve(run: OutcomeReservation, usual: number, at: Instant): boolean {
    const { spent, added } = this.read(run.grant, run.operation);
    if (spent + run.failed > usual + added) return false;
    this.#db
      .prepare(
        `INSERT INTO outcome_spend (call_id, grant_hash, resource, operation, completed, cost, at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(run.callId, run.grant, run.resource, run.operation, run.completed, run.failed, at);
    return true;
  }

  /** The run completed: it costs no more than that. */
  complete(callId: string): void {
    this.#db.prepare("UPDATE outcome_spend SET cost = completed WHERE call_id = ? AND cost > completed").run(callId);
  }

  /** The account of a grant. */
  read(grant: Sha256Hex, operation: OutcomeOperation): OutcomeAccount {
    const where = "WHERE grant_hash = ? AND operation = ?";
    const spends = this.#db
      .prepare(`SELECT count(*) AS runs, coalesce(sum(cost), 0) AS spent FROM outcome_spend ${where}`)
      .get(grant, operation);
    const allowed = this.#db
      .prepare(`SELECT coalesce(sum(amount), 0) AS added FROM outcome_allowance ${where}`)
      .get(grant, operation);
    const number = (value: unknown): number => Number(value ?? 0);
    const [added, spent, runs] = [number(allowed?.["added"]), number(spends?.["spent"]), number(spends?.["runs"])];
    return { grant, operation, added, spent, runs };
  }

  /** Adds to what the runs of a grant may tell, in the caller's transaction. */
  allow(grant: Sha256Hex, operation: OutcomeOperation, amount: number, at: Instant): void {
    this.#db
      .prepare("INSERT INTO outcome_allowance (grant_hash, operation, amount, at) VALUES (?, ?, ?, ?)")
      .run(grant, operation, amount, at);
  }
}

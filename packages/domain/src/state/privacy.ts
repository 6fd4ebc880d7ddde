/** What each table may still give under differential privacy: one ledger for each resource, over all its scenes, parties,
 *  snapshots and questions. Entries are only ever appended; the database itself refuses anything else.
 *  @module */
import type { LedgerState, PrivacyLedger, Spend } from "@sluice/desensitize";
import { NoisyTable, type Clock, type Instant, type Sha256Hex } from "@sluice/protocol";
import type { StateDatabase } from "./database.ts";
import type { EventStore, PutEvent } from "./events.ts";

/** What is read of one table's ledger. */
export interface TableBudget extends LedgerState {
  readonly resource: string;
}

/** Tables of budgets, spends and answers. */
export class PrivacyStore implements PrivacyLedger<NoisyTable> {
  readonly #db: StateDatabase;
  readonly #events: EventStore;
  readonly #clock: Clock;
  /** Events of spends that this process has to log, by question. */
  readonly #put = new Map<Sha256Hex, PutEvent>();

  constructor(db: StateDatabase, events: EventStore, clock: Clock) {
    this.#db = db;
    this.#events = events;
    this.#clock = clock;
  }

  read(resource: string): LedgerState {
    const budget = this.#db.prepare("SELECT budget FROM privacy_budget WHERE resource = ?").get(resource);
    const row = this.#db
      .prepare("SELECT count(*) AS entries, coalesce(sum(cost), 0) AS spent FROM privacy_spend WHERE resource = ?")
      .get(resource);
    return {
      budget: budget === undefined ? null : BigInt(String(budget["budget"])),
      spent: BigInt(String(row?.["spent"] ?? 0)),
      length: Number(row?.["entries"] ?? 0),
    };
  }

  /** Every table that has a budget or an entry, by name. */
  tables(): TableBudget[] {
    return this.#db
      .prepare("SELECT resource FROM privacy_budget UNION SELECT resource FROM privacy_spend ORDER BY resource")
      .all()
      .map((row) => ({ resource: String(row["resource"]), ...this.read(String(row["resource"])) }));
  }

  /** Column whose values are the persons that the budget counts for; null without a budget. */
  person(resource: string): string | null {
    const row = this.#db.prepare("SELECT person FROM privacy_budget WHERE resource = ?").get(resource);
    return row === undefined ? null : String(row["person"]);
  }

  /** Sets the budget in all, in the caller's transaction. */
  setBudget(resource: string, budget: bigint, person: string, at: Instant): void {
    this.#db
      .prepare(
        `INSERT INTO privacy_budget (resource, budget, person, at) VALUES (?, ?, ?, ?)
         ON CONFLICT (resource) DO UPDATE SET budget = excluded.budget, person = excluded.person, at = excluded.at`,
      )
      .run(resource, budget, person, at);
  }

  /** Writes down a spend that no question of this state made, in the caller's transaction. */
  assume(resource: string, cost: bigint, at: Instant): void {
    this.#insert({ table: resource, question: null, cost }, this.read(resource).length, at);
  }

  /** Whether somebody said what was spent of the table before this state was made, or lost its memory for the last time. */
  isTold(resource: string): boolean {
    const sql = "SELECT 1 FROM privacy_resume WHERE resource = ? AND told = 1";
    return this.#db.prepare(sql).get(resource) !== undefined;
  }

  /** Notes that somebody said it, in the caller's transaction. */
  tell(resource: string): void {
    const sql =
      "INSERT INTO privacy_resume (resource, told) VALUES (?, 1) ON CONFLICT (resource) DO UPDATE SET told = 1";
    this.#db.prepare(sql).run(resource);
  }

  /** A spend from before a loss of memory pays for nothing: what it paid for may have been answered in what was lost. */
  isPaid(resource: string, question: Sha256Hex): boolean {
    const sql = `SELECT 1 FROM privacy_spend WHERE resource = ?1 AND question = ?2
      AND entry >= coalesce((SELECT void_before FROM privacy_resume WHERE resource = ?1), 0)`;
    return this.#db.prepare(sql).get(resource, question) !== undefined;
  }

  /** The spend and its event are one transaction. */
  append(spend: Spend, at: number): boolean {
    const now = this.#clock.now();
    return this.#db.transaction(() => {
      if (this.read(spend.table).length !== at) return false;
      this.#insert(spend, at, now.toISOString());
      this.#put.set(spend.question, this.#events.put({ kind: "privacy-spent", subject: spend.question }, now));
      return true;
    });
  }

  /** The event of a spend that this process made, for logging; each is given out once. */
  takeEvent(question: Sha256Hex): PutEvent | null {
    const put = this.#put.get(question) ?? null;
    this.#put.delete(question);
    return put;
  }

  answer(resource: string, question: Sha256Hex): NoisyTable | null {
    const row = this.#db
      .prepare("SELECT answer FROM privacy_answer WHERE resource = ? AND question = ?")
      .get(resource, question);
    return row === undefined ? null : NoisyTable.parse(JSON.parse(String(row["answer"])));
  }

  keep(resource: string, question: Sha256Hex, answer: NoisyTable): NoisyTable {
    this.#db
      .prepare("INSERT INTO privacy_answer (resource, question, answer) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
      .run(resource, question, JSON.stringify(answer));
    return this.answer(resource, question) ?? answer;
  }

  /** Whether the receipt of the run `callId` is to name the price of an answer: of the first that serves it, whichever attempt
   *  paid. A run that took this on and has no receipt by now, as `hasReceipt` says, passes it on; when both then get one,
   *  the price is named twice, never not at all. */
  namesCost(resource: string, question: Sha256Hex, callId: string, hasReceipt: (callId: string) => boolean): boolean {
    const where = "WHERE resource = ? AND question = ?";
    const row = this.#db.prepare(`SELECT told_by FROM privacy_answer ${where}`).get(resource, question);
    const by = row?.["told_by"];
    if (typeof by === "string" && by !== callId && hasReceipt(by)) return false;
    this.#db.prepare(`UPDATE privacy_answer SET told_by = ? ${where}`).run(callId, resource, question);
    return true;
  }

  /** Takes every budget as spent, and every spend that has no answer here as used, in the caller's transaction: what was
   *  answered meanwhile is not known, nor what was spent beyond these budgets. */
  spendAll(at: Instant): void {
    this.#db.prepare("UPDATE privacy_resume SET told = 0").run();
    const voided = this.#db.prepare(
      `INSERT INTO privacy_resume (resource, void_before) VALUES (?, ?)
       ON CONFLICT (resource) DO UPDATE SET void_before = excluded.void_before`,
    );
    for (const { resource, budget, spent, length } of this.tables()) {
      if (budget !== null && spent < budget) this.assume(resource, budget - spent, at);
      voided.run(resource, length);
    }
  }

  #insert(
    { table, question, cost }: Omit<Spend, "question"> & { readonly question: Sha256Hex | null },
    entry: number,
    at: Instant,
  ): void {
    this.#db
      .prepare("INSERT INTO privacy_spend (resource, entry, question, cost, at) VALUES (?, ?, ?, ?, ?)")
      .run(table, entry, question, cost, at);
  }
}

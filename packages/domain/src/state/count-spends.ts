/** What counts of matches, sums over them and sums under hidden selections have told each caller: one ledger for each party and state of a source table, over all products,
 *  versions and builds that answer from it. Spends are only ever appended; the database itself refuses anything else.
 *  @module */
import type { Instant, Name, ResourceDescription, Sha256Hex } from "@sluice/protocol";
import type { StateDatabase } from "./database.ts";

/** Whose counts over what. */
export interface CountHolder {
  readonly party: Name;
  readonly resource: Name;
  /** Hash of the source table. */
  readonly source: Sha256Hex;
}

/** What one caller has spent over one state of a table. */
export interface CountAccount extends CountHolder {
  /** Millionths of ε. */
  readonly spent: number;
  readonly counts: number;
}

/** Tables of spends, and of states of tables whose spends were lost. */
export class CountSpends {
  readonly #db: StateDatabase;

  constructor(db: StateDatabase) {
    this.#db = db;
  }

  /** Spends `cost` of `budget` for a call, both in millionths of ε, in the caller's transaction. Whether so much was left. */
  spend(holder: CountHolder, { callId, cost, budget, at }: CountSpend): boolean {
    const { party, resource, source } = holder;
    if (this.#isLost(resource, source) || this.of(holder).spent + cost > budget) return false;
    this.#db
      .prepare("INSERT INTO count_spend (call_id, party, resource, source, cost, at) VALUES (?, ?, ?, ?, ?, ?)")
      .run(callId, party, resource, source, cost, at);
    return true;
  }

  /** The account of one caller. */
  of({ party, resource, source }: CountHolder): CountAccount {
    const row = this.#db
      .prepare(
        `SELECT count(*) AS counts, coalesce(sum(cost), 0) AS spent FROM count_spend
         WHERE party = ? AND resource = ? AND source = ?`,
      )
      .get(party, resource, source);
    return { party, resource, source, spent: Number(row?.["spent"] ?? 0), counts: Number(row?.["counts"] ?? 0) };
  }

  /** Every account over a table, the newest state first. */
  accounts(resource: Name): CountAccount[] {
    return this.#db
      .prepare(
        `SELECT party, source, count(*) AS counts, sum(cost) AS spent FROM count_spend
         WHERE resource = ? GROUP BY party, source ORDER BY max(at) DESC, party`,
      )
      .all(resource)
      .map((row) => ({
        party: String(row["party"]),
        resource,
        source: String(row["source"]),
        spent: Number(row["spent"]),
        counts: Number(row["counts"]),
      }));
  }

  /** Takes as spent what every caller has over every state of a table that a product counts or sums on, and over those that are there at the
   *  next start, in the caller's transaction: what was built and counted meanwhile is not known. Until a table is renewed there are no
   *  counts over it. */
  loseAll(): void {
    this.#db.prepare("INSERT INTO count_lost_current (one) VALUES (1) ON CONFLICT DO NOTHING").run();
    this.#db
      .prepare(
        `INSERT INTO count_lost (resource, source) SELECT DISTINCT resource, snapshot FROM output_register
         WHERE kind IN ('psi-cardinality', 'join-sum', 'hidden-selection') ON CONFLICT DO NOTHING`,
      )
      .run();
  }

  /** Ends what `loseAll` began, in the caller's transaction: `tables` are those that are there now. Nothing when it did not. */
  loseCurrent(tables: readonly Pick<ResourceDescription, "resource" | "snapshot">[]): void {
    if (this.#db.prepare("DELETE FROM count_lost_current").run().changes === 0) return;
    const lose = this.#db.prepare("INSERT INTO count_lost (resource, source) VALUES (?, ?) ON CONFLICT DO NOTHING");
    for (const { resource, snapshot } of tables) lose.run(resource, snapshot);
  }

  #isLost(resource: Name, source: Sha256Hex): boolean {
    const sql = "SELECT 1 FROM count_lost WHERE resource = ? AND source = ?";
    return this.#db.prepare(sql).get(resource, source) !== undefined;
  }
}

/** One spend. */
export interface CountSpend {
  readonly callId: string;
  readonly cost: number;
  readonly budget: number;
  readonly at: Instant;
}

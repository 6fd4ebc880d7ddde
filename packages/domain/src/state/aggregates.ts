/** Aggregations over several domains that this one took part in: a plan once, and sums of one population over one set of parties and
 *  one set of survivors only, whatever is added up; a population is known by the words of the plan, and by the state of the table that
 *  is read. Those survivors may also be all parties of a later plan.
 *  @module */
import { Sha256Hex, SignedAggregateResult, type Instant, type KeyId, type Name } from "@sluice/protocol";
import type { StateDatabase } from "./database.ts";

/** An aggregation that is to begin. */
export interface JoinedAggregate {
  readonly agreement: Sha256Hex;
  readonly plan: Sha256Hex;
  /** Hash of the population, in the words that all parties share. */
  readonly subject: Sha256Hex;
  /** Hash of the state of this domain's table. */
  readonly content: Sha256Hex;
  /** Keys of all parties, sorted. */
  readonly parties: readonly KeyId[];
  readonly grant: Sha256Hex;
  readonly resource: Name;
  readonly recipient: KeyId | null;
  readonly at: Instant;
}

/** A result that is kept, and its event. */
export interface KeptAggregateResult {
  readonly result: SignedAggregateResult;
  readonly event: number;
}

/** Table of aggregations. */
export class AggregateStore {
  readonly #db: StateDatabase;

  constructor(db: StateDatabase) {
    this.#db = db;
  }

  /** Notes that this domain takes part, in the caller's transaction. Null, or why it may not: then nothing is noted. */
  join(joined: JoinedAggregate): string | null {
    const { agreement, plan, subject, content, grant, resource, recipient, at } = joined;
    if (
      this.#db.prepare("SELECT 1 FROM aggregate WHERE agreement = ? OR plan = ?").get(agreement, plan) !== undefined
    ) {
      return "its plan was used before";
    }
    const parties = joined.parties.join(" ");
    if (!this.#isKnown("subject", subject, parties) || !this.#isKnown("content", content, parties)) {
      return "sums of the same population were asked over other parties";
    }
    this.#db
      .prepare(
        `INSERT INTO aggregate (agreement, plan, subject, content, parties, grant_hash, resource, recipient, at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(agreement, plan, subject, content, parties, grant, resource, recipient, at);
    return null;
  }

  /** Whether this domain took part. */
  has(agreement: Sha256Hex): boolean {
    return this.#db.prepare("SELECT 1 FROM aggregate WHERE agreement = ?").get(agreement) !== undefined;
  }

  /** Settles on the survivors of an aggregation, durably. Null, or why not. */
  settle(agreement: Sha256Hex, survivors: readonly KeyId[]): string | null {
    const set = survivors.toSorted().join(" ");
    return this.#db.transaction(() => {
      const other = this.#db
        .prepare(
          `SELECT 1 FROM aggregate AS own JOIN aggregate AS other ON other.subject = own.subject OR other.content = own.content
           WHERE own.agreement = ? AND other.survivors IS NOT NULL AND other.survivors IS NOT ?`,
        )
        .get(agreement, set);
      if (other !== undefined) return "sums of the same population were had of other survivors";
      this.#db.prepare("UPDATE aggregate SET survivors = ? WHERE agreement = ?").run(set, agreement);
      return null;
    });
  }

  /** Keeps the result, in the caller's transaction. */
  putResult(agreement: Sha256Hex, { result, event }: KeptAggregateResult): void {
    this.#db
      .prepare("UPDATE aggregate SET result = ?, event_id = ? WHERE agreement = ?")
      .run(JSON.stringify(result), event, agreement);
  }

  /** Who may be given the result beside the department; undefined when this domain did not take part. */
  recipient(agreement: Sha256Hex): KeyId | null | undefined {
    const row = this.#db.prepare("SELECT recipient FROM aggregate WHERE agreement = ?").get(agreement);
    const recipient = row?.["recipient"];
    return row === undefined ? undefined : typeof recipient === "string" ? recipient : null;
  }

  /** The grant under which this domain took part. */
  grant(agreement: Sha256Hex): Sha256Hex | null {
    const row = this.#db.prepare("SELECT grant_hash FROM aggregate WHERE agreement = ?").get(agreement);
    return row === undefined ? null : Sha256Hex.parse(row["grant_hash"]);
  }

  /** The result, or null while there is none. */
  result(agreement: Sha256Hex): KeptAggregateResult | null {
    const row = this.#db
      .prepare("SELECT result, event_id FROM aggregate WHERE agreement = ? AND result IS NOT NULL")
      .get(agreement);
    if (row === undefined) return null;
    return { result: SignedAggregateResult.parse(JSON.parse(String(row["result"]))), event: Number(row["event_id"]) };
  }

  /** Whether what was joined over states of tables up to `imported` may not be known. */
  isLost(imported: Instant): boolean {
    const row = this.#db.prepare("SELECT until_at FROM aggregate_lost").get();
    return row !== undefined && !(Date.parse(imported) > Date.parse(String(row["until_at"])));
  }

  /** Notes, in the caller's transaction, that what was joined before `at` may not be known. */
  loseAll(at: Instant): void {
    this.#db
      .prepare(
        "INSERT INTO aggregate_lost (one, until_at) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET until_at = excluded.until_at",
      )
      .run(at);
  }

  /** Whether `parties` are those of the first aggregation with this population, or its survivors; or there was none. */
  #isKnown(column: "subject" | "content", value: Sha256Hex, parties: string): boolean {
    const first = this.#db
      .prepare(`SELECT parties FROM aggregate WHERE ${column} = ? ORDER BY rowid LIMIT 1`)
      .get(value);
    if (first === undefined || first["parties"] === parties) return true;
    const sql = `SELECT 1 FROM aggregate WHERE ${column} = ? AND survivors = ?`;
    return this.#db.prepare(sql).get(value, parties) !== undefined;
  }
}

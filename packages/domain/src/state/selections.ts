/** Hidden selections: which commitments each party registered for a product, and the encrypted sums that were paid for under them.
 *  A sum is drawn once: who asks for it again, in whatever call, has the one that was kept, and pays nothing. Both tables only
 *  grow; the database itself refuses anything else.
 *  @module */
import type { Bytes, Instant, Name, Sha256Hex } from "@sluice/protocol";
import type { StateDatabase } from "./database.ts";

/** A commitment of a party, for a product of any version. */
export interface RegisteredSelection {
  readonly party: Name;
  readonly product: Name;
  readonly commitment: Sha256Hex;
}

/** What sums are asked under: a commitment, and the snapshot that answers. */
export interface AskedSelection extends RegisteredSelection {
  readonly snapshot: Sha256Hex;
}

/** The call that does something, and when. */
export interface SelectionCallNote {
  readonly callId: string;
  readonly at: Instant;
}

/** The register and the sums of a domain. */
export class SelectionStore {
  readonly #db: StateDatabase;

  constructor(db: StateDatabase) {
    this.#db = db;
  }

  /** Registers a commitment in the caller's transaction, unless the party has `most` others. Whether it is registered now. */
  register(entry: RegisteredSelection, most: number, { callId, at }: SelectionCallNote): boolean {
    if (this.holds(entry)) return true;
    const { party, product, commitment } = entry;
    if (this.count(entry) >= most) return false;
    this.#db
      .prepare("INSERT INTO selection_register (party, product, commitment, call_id, at) VALUES (?, ?, ?, ?, ?)")
      .run(party, product, commitment, callId, at);
    return true;
  }

  /** Whether it is registered. */
  holds({ party, product, commitment }: RegisteredSelection): boolean {
    const sql = "SELECT 1 FROM selection_register WHERE party = ? AND product = ? AND commitment = ?";
    return this.#db.prepare(sql).get(party, product, commitment) !== undefined;
  }

  /** How many the party has registered. */
  count({ party, product }: Pick<RegisteredSelection, "party" | "product">): number {
    const sql = "SELECT count(*) AS held FROM selection_register WHERE party = ? AND product = ?";
    return Number(this.#db.prepare(sql).get(party, product)?.["held"] ?? 0);
  }

  /** Those of `measures` that nobody has paid for under this selection, of this snapshot. */
  owed(asked: AskedSelection, measures: readonly number[]): number[] {
    const paid = new Set(this.#rows(asked).map(({ measure }) => measure));
    return measures.filter((measure) => !paid.has(measure));
  }

  /** Notes that `measures` were paid for, in the caller's transaction. */
  pay(
    { party, product, commitment, snapshot }: AskedSelection,
    measures: readonly number[],
    { callId, at }: SelectionCallNote,
  ): void {
    const insert = this.#db.prepare(
      `INSERT INTO selection_sum (party, product, commitment, snapshot, measure, call_id, at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    for (const measure of measures) insert.run(party, product, commitment, snapshot, measure, callId, at);
  }

  /** Encrypted sums that were kept, by measure. */
  sums(asked: AskedSelection): Map<number, Bytes> {
    return new Map(this.#rows(asked).flatMap(({ measure, sum }) => (sum === null ? [] : [[measure, sum] as const])));
  }

  /** Keeps sums that were paid for, durably, unless others are kept. */
  keep({ party, product, commitment, snapshot }: AskedSelection, sums: ReadonlyMap<number, Bytes>): void {
    this.#db.transaction(() => {
      const update = this.#db.prepare(
        `UPDATE selection_sum SET sum = ? WHERE party = ? AND product = ? AND commitment = ? AND snapshot = ? AND measure = ?
         AND sum IS NULL`,
      );
      for (const [measure, sum] of sums) update.run(sum, party, product, commitment, snapshot, measure);
    });
  }

  #rows({ party, product, commitment, snapshot }: AskedSelection): { measure: number; sum: Bytes | null }[] {
    return this.#db
      .prepare(
        `SELECT measure, sum FROM selection_sum WHERE party = ? AND product = ? AND commitment = ? AND snapshot = ?`,
      )
      .all(party, product, commitment, snapshot)
      .map(({ measure, sum }) => ({ measure: Number(measure), sum: sum instanceof Uint8Array ? sum : null }));
  }
}

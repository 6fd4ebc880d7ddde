/** Terms of data sets: for how long each caller reads which product version. A caller has one term of a version, however often
 *  it is built: another one needs another release of the department.
 *  @module */
import type { DatasetTerm, KeyId, Name } from "@sluice/protocol";
import type { StateDatabase } from "./database.ts";

/** Whose term of what. */
export interface TermHolder {
  readonly keyId: KeyId;
  readonly product: Name;
  readonly version: number;
}

/** A term with the call that began it. */
export type KeptTerm = Pick<DatasetTerm, "from" | "until"> & { readonly callId: string };

/** Table of terms. */
export class DatasetTerms {
  readonly #db: StateDatabase;

  constructor(db: StateDatabase) {
    this.#db = db;
  }

  /** The term of `holder`, or null when none began. */
  of({ keyId, product, version }: TermHolder): KeptTerm | null {
    const row = this.#db
      .prepare("SELECT call_id, from_at, until_at FROM dataset_term WHERE key_id = ? AND product = ? AND version = ?")
      .get(keyId, product, version);
    if (row === undefined) return null;
    return { callId: String(row["call_id"]), from: String(row["from_at"]), until: String(row["until_at"]) };
  }

  /** Begins the term of `holder`, who has none. Part of the transaction in which it is paid for. */
  begin({ keyId, product, version }: TermHolder, { callId, from, until }: KeptTerm): void {
    this.#db
      .prepare(
        "INSERT INTO dataset_term (key_id, product, version, call_id, from_at, until_at) VALUES (?, ?, ?, ?, ?, ?)",
      )
      .run(keyId, product, version, callId, from, until);
  }

  /** Counts a page that is read, of at most `limit` in the whole term. Returns whether it is within them. */
  read({ keyId, product, version }: TermHolder, limit: number): boolean {
    const result = this.#db
      .prepare(
        "UPDATE dataset_term SET reads = reads + 1 WHERE key_id = ? AND product = ? AND version = ? AND reads < ?",
      )
      .run(keyId, product, version, limit);
    return result.changes === 1;
  }
}

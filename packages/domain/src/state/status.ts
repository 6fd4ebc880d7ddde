/** The latest status, and what every status so far has stopped: a later one that names less lifts nothing.
 *  @module */
import { SignedStatus } from "@sluice/protocol";
import type { StateDatabase } from "./database.ts";

/** Tables of stops. */
export class StatusStore {
  readonly #db: StateDatabase;

  constructor(db: StateDatabase) {
    this.#db = db;
  }

  /** The status with the highest sequence, or null. */
  latest(): SignedStatus | null {
    const row = this.#db.prepare("SELECT document FROM status").get();
    return row === undefined ? null : SignedStatus.parse(JSON.parse(String(row["document"])));
  }

  /** Keeps a status as the latest, with its stops, inside the caller's transaction. */
  put(signed: SignedStatus): void {
    const { revoked, suspended, issuedAt } = signed.body;
    const grant = this.#db.prepare("INSERT INTO stopped_grant (hash) VALUES (?) ON CONFLICT DO NOTHING");
    for (const hash of revoked) grant.run(hash);
    const key = this.#db.prepare(
      "INSERT INTO stopped_key (key_id, at) VALUES (?, ?) ON CONFLICT (key_id) DO UPDATE SET at = max(at, excluded.at)",
    );
    for (const keyId of suspended) key.run(keyId, issuedAt);
    this.#db
      .prepare(
        "INSERT INTO status (one, document) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET document = excluded.document",
      )
      .run(JSON.stringify(signed));
  }
}

/** Which risk reports the domain keeps: of every sample that was shown, by the hash that its certificate names, so that what a
 *  certificate stands on can be read after the table has changed. The reports themselves are in sealed files.
 *  @module */
import type { Instant, Name, Sha256Hex } from "@sluice/protocol";
import type { StateDatabase } from "./database.ts";

/** Reports that are kept; the oldest go first. */
export const MAX_KEPT_REPORTS = 2_048;

/** A report that is kept. */
export interface KeptReport {
  /** Of its canonical JSON: `report` of a certificate. */
  readonly hash: Sha256Hex;
  readonly resource: Name;
  /** Of the table that it was measured on. */
  readonly snapshot: Sha256Hex;
  readonly policy: Sha256Hex;
  /** When a sample with it was first shown. */
  readonly at: Instant;
}

/** Table of kept reports. */
export class RiskReportStore {
  readonly #db: StateDatabase;

  constructor(db: StateDatabase) {
    this.#db = db;
  }

  /** Notes a report whose file is written; the oldest beyond `limit` are forgotten, and their files go at the next start. */
  put({ hash, resource, snapshot, policy, at }: KeptReport, limit = MAX_KEPT_REPORTS): void {
    this.#db.transaction(() => {
      this.#db
        .prepare("INSERT OR IGNORE INTO risk_report (hash, resource, snapshot, policy, at) VALUES (?, ?, ?, ?, ?)")
        .run(hash, resource, snapshot, policy, at);
      this.#db.prepare("DELETE FROM risk_report WHERE id <= (SELECT max(id) FROM risk_report) - ?").run(limit);
    });
  }

  has(hash: Sha256Hex): boolean {
    return this.#db.prepare("SELECT 1 FROM risk_report WHERE hash = ?").get(hash) !== undefined;
  }

  /** All of them, the oldest first. */
  list(): KeptReport[] {
    return this.#db
      .prepare("SELECT * FROM risk_report ORDER BY id")
      .all()
      .map((row) => {
        const text = (column: string): string => String(row[column]);
        return {
          hash: text("hash"),
          resource: text("resource"),
          snapshot: text("snapshot"),
          policy: text("policy"),
          at: text("at"),
        };
      });
  }
}

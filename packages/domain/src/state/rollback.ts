/** What a domain knows of having lost its memory: that it was restored from something older, what a person then decided,
 *  and from when on grants count again.
 *  @module */
import type { Instant } from "@sluice/protocol";
import type { StateDatabase } from "./database.ts";

/** One row; each member as its setter says. */
export interface RollbackNote {
  readonly reason: string | null;
  readonly acceptedSize: number;
  readonly grantsFrom: Instant | null;
}

/** Table of one row. */
export class RollbackStore {
  readonly #db: StateDatabase;

  constructor(db: StateDatabase) {
    this.#db = db;
    db.prepare("INSERT INTO rollback (one) VALUES (1) ON CONFLICT (one) DO NOTHING").run();
  }

  read(): RollbackNote {
    const row = this.#db.prepare("SELECT * FROM rollback").get();
    const text = (name: string): string | null => (typeof row?.[name] === "string" ? row[name] : null);
    return { reason: text("reason"), acceptedSize: Number(row?.["accepted_size"]), grantsFrom: text("grants_from") };
  }

  /** Notes why all work is refused, for good: the first reason stands. */
  refuse(reason: string): void {
    this.#db.prepare("UPDATE rollback SET reason = ? WHERE reason IS NULL").run(reason);
  }

  /** A person decided to go on: the log is taken as it is up to `acceptedSize`, and grants that began before `grantsFrom`
   *  are void. */
  resume(acceptedSize: number, grantsFrom: Instant): void {
    this.#db
      .prepare("UPDATE rollback SET reason = NULL, accepted_size = ?, grants_from = ?")
      .run(acceptedSize, grantsFrom);
  }
}

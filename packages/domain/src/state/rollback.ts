/** What a domain knows of having lost its memory: that it was restored from something older, what a person then decided,
 *  and from when on grants count again.
 *  @module */
import type { Instant } from "@sluice/protocol";
import type { StateDatabase } from "./database.ts";

/** Stands for the size of the log at the next start. */
const AS_FOUND = -1;

/** One row; each member as its setter says. */
export interface RollbackNote {
  readonly reason: string | null;
  /** Entries that are taken as they are; null: all of those that the next start finds. */
  readonly acceptedSize: number | null;
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
    return readRollback(this.#db);
  }

  /** Notes why all work is refused, for good: the first reason stands. */
  refuse(reason: string): void {
    this.#db.prepare("UPDATE rollback SET reason = ? WHERE reason IS NULL").run(reason);
  }

  /** A person decided to go on: the log is taken as the next start finds it, and grants that began before `grantsFrom` are
   *  void. */
  resume(grantsFrom: Instant): void {
    this.#db.prepare("UPDATE rollback SET reason = NULL, accepted_size = ?, grants_from = ?").run(AS_FOUND, grantsFrom);
  }

  /** The log was found with `size` entries after a person had decided. */
  accept(size: number): void {
    this.#db.prepare("UPDATE rollback SET accepted_size = ? WHERE accepted_size = ?").run(size, AS_FOUND);
  }
}

/** The row of `db`, which need not be writable; what stands for a missing one. */
export function readRollback(db: StateDatabase): RollbackNote {
  const row = db.prepare("SELECT * FROM rollback").get();
  const text = (name: string): string | null => (typeof row?.[name] === "string" ? row[name] : null);
  const size = Number(row?.["accepted_size"] ?? 0);
  return {
    reason: text("reason"),
    acceptedSize: size === AS_FOUND ? null : size,
    grantsFrom: text("grants_from"),
  };
}

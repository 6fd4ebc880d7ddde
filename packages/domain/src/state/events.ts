/** Events of the domain, each with the salt and the place of its entry in the log. One is put down with what it tells of,
 *  in one transaction; then signed; then logged. Commands that work while the domain stands still put theirs down, and the
 *  next start signs and logs them.
 *  @module */
import { EventKind, SignedEvent, type Instant, type Sha256Hex } from "@sluice/protocol";
import type { StateDatabase } from "./database.ts";

/** What happened; `subject` as `EventKind` says. */
export interface NewEvent {
  readonly kind: EventKind;
  readonly subject?: Sha256Hex;
}

/** An event as it was put down. */
export interface PutEvent extends NewEvent {
  readonly id: number;
  readonly at: Instant;
}

/** An event whose log entry is determined. */
export interface KeptEvent {
  readonly id: number;
  readonly event: SignedEvent;
  /** Salt of the log entry, hexadecimal. */
  readonly salt: string;
  readonly logIndex: number | null;
}

/** Table of events. */
export class EventStore {
  readonly #db: StateDatabase;

  constructor(db: StateDatabase) {
    this.#db = db;
  }

  /** The latest instant of an event, or null. */
  latest(): Instant | null {
    const at = this.#db.prepare("SELECT max(at) AS latest FROM event").get()?.["latest"];
    return typeof at === "string" ? at : null;
  }

  /** Whether an event of this kind and subject was put down. */
  has({ kind, subject }: Required<NewEvent>): boolean {
    return this.#db.prepare("SELECT 1 FROM event WHERE kind = ? AND subject = ?").get(kind, subject) !== undefined;
  }

  /** Puts an event down, inside the caller's transaction if there is one. */
  put({ kind, subject }: NewEvent, now: Date): PutEvent {
    const at = now.toISOString();
    const { lastInsertRowid } = this.#db
      .prepare("INSERT INTO event (kind, subject, at) VALUES (?, ?, ?)")
      .run(kind, subject ?? null, at);
    return { id: Number(lastInsertRowid), kind, ...(subject === undefined ? {} : { subject }), at };
  }

  /** Keeps what the entry of an event is made of: before it is appended. */
  sign(id: number, event: SignedEvent, salt: string): void {
    this.#db.prepare("UPDATE event SET document = ?, salt = ? WHERE id = ?").run(JSON.stringify(event), salt, id);
  }

  setLogIndex(id: number, index: number): void {
    this.#db.prepare("UPDATE event SET log_index = ? WHERE id = ?").run(index, id);
  }

  /** Events that were put down and not signed. */
  unsigned(): PutEvent[] {
    return this.#db.prepare("SELECT * FROM event WHERE document IS NULL ORDER BY id").all().map(readPut);
  }

  /** Signed events whose entry was not noted. */
  unlogged(): KeptEvent[] {
    return this.#db
      .prepare("SELECT * FROM event WHERE log_index IS NULL AND document IS NOT NULL ORDER BY id")
      .all()
      .map(readKept);
  }

  /** A signed event. @throws RangeError when there is none */
  kept(id: number): KeptEvent {
    const row = this.#db.prepare("SELECT * FROM event WHERE id = ? AND document IS NOT NULL").get(id);
    if (row === undefined) throw new RangeError("an event that was signed");
    return readKept(row);
  }

  /** The noted event that stands last in the log, or null. */
  last(): KeptEvent | null {
    const row = this.#db
      .prepare("SELECT * FROM event WHERE log_index IS NOT NULL ORDER BY log_index DESC LIMIT 1")
      .get();
    return row === undefined ? null : readKept(row);
  }

  /** Logged events of the period [from, to) with an id above `after`, in order. */
  between(from: Instant, to: Instant, after: number, limit: number): KeptEvent[] {
    return this.#db
      .prepare("SELECT * FROM event WHERE id > ? AND at >= ? AND at < ? AND log_index IS NOT NULL ORDER BY id LIMIT ?")
      .all(after, from, to, limit)
      .map(readKept);
  }
}

function readPut(row: Record<string, unknown>): PutEvent {
  const subject = row["subject"];
  return {
    id: Number(row["id"]),
    kind: EventKind.parse(row["kind"]),
    ...(typeof subject === "string" ? { subject } : {}),
    at: String(row["at"]),
  };
}

function readKept(row: Record<string, unknown>): KeptEvent {
  const index = row["log_index"];
  return {
    id: Number(row["id"]),
    event: SignedEvent.parse(JSON.parse(String(row["document"]))),
    salt: String(row["salt"]),
    logIndex: index === null ? null : Number(index),
  };
}

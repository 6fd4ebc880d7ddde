/** Answers with their receipts. An answer is kept before it is logged and logged before it is sent, so a
 *  retry after a crash gets the first answer and no receipt that reached a caller is lost.
 *  @module */
import { Certificate, ReceiptOpenings, SignedReceipt, type Bytes } from "@sluice/protocol";
import type { StateDatabase } from "./database.ts";

/** How long an answer frame is kept for retries; the receipt stays. */
export const ANSWER_RETENTION_MS = 24 * 3_600_000;

/** A kept answer. `frame` is null once its retention has passed. */
export interface KeptAnswer {
  readonly callId: string;
  readonly frame: Bytes | null;
  readonly receipt: SignedReceipt;
  /** What the receipt's commitments were made from, as far as it was not erased. */
  readonly openings: ReceiptOpenings;
  /** The certificate that the receipt of a development run names. */
  readonly certificate: Certificate | null;
  /** Salt of the log entry, hexadecimal. */
  readonly salt: string;
  readonly logIndex: number | null;
}

/** Table of answers. */
export class AnswerStore {
  readonly #db: StateDatabase;

  constructor(db: StateDatabase) {
    this.#db = db;
  }

  put({ callId, frame, receipt, openings, certificate, salt }: KeptAnswer): void {
    this.#db
      .prepare(
        "INSERT INTO answer (call_id, frame, receipt, openings, certificate, salt, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
      )
      .run(
        callId,
        frame,
        JSON.stringify(receipt),
        JSON.stringify(openings),
        certificate === null ? null : JSON.stringify(certificate),
        salt,
        receipt.body.at,
      );
  }

  get(callId: string): KeptAnswer | null {
    const row = this.#db.prepare("SELECT * FROM answer WHERE call_id = ?").get(callId);
    return row === undefined ? null : readAnswer(row);
  }

  /** Answers that were kept when the process ended before their entry was noted. */
  unlogged(): KeptAnswer[] {
    return this.#db.prepare("SELECT * FROM answer WHERE log_index IS NULL").all().map(readAnswer);
  }

  setLogIndex(callId: string, index: number): void {
    this.#db.prepare("UPDATE answer SET log_index = ? WHERE call_id = ?").run(index, callId);
  }

  /** The noted answer that stands last in the log, or null. */
  last(): KeptAnswer | null {
    const row = this.#db
      .prepare("SELECT * FROM answer WHERE log_index IS NOT NULL ORDER BY log_index DESC LIMIT 1")
      .get();
    return row === undefined ? null : readAnswer(row);
  }

  forgetFrames(now: Date): void {
    const before = new Date(now.getTime() - ANSWER_RETENTION_MS).toISOString();
    this.#db.prepare("UPDATE answer SET frame = NULL WHERE frame IS NOT NULL AND at < ?").run(before);
  }
}

function readAnswer(row: Record<string, unknown>): KeptAnswer {
  const frame = row["frame"];
  const index = row["log_index"];
  const certificate = row["certificate"];
  return {
    callId: String(row["call_id"]),
    frame: frame instanceof Uint8Array ? frame : null,
    receipt: SignedReceipt.parse(JSON.parse(String(row["receipt"]))),
    openings: ReceiptOpenings.parse(JSON.parse(String(row["openings"]))),
    certificate: typeof certificate === "string" ? Certificate.parse(JSON.parse(certificate)) : null,
    salt: String(row["salt"]),
    logIndex: index === null ? null : Number(index),
  };
}

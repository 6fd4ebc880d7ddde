/** The register of what persons asked about themselves: opened, due, answered. It holds no identifier: a tag under a key of
 *  the request alone tells whether an answer is for the person who asked.
 *  @module */
import type { Bytes, Instant, Name } from "@sluice/protocol";
import type { StateDatabase } from "./database.ts";

/** What a person may ask for: the trail of their row, a copy of it. */
export const SUBJECT_REQUEST_KINDS = ["trail", "copy"] as const;
/** One of them. */
export type SubjectRequestKind = (typeof SUBJECT_REQUEST_KINDS)[number];

/** Days in which a request is answered, unless the department says otherwise: GB/T 35273-2020 §8.7, a recommended
 *  standard. The law says "in time" (Personal Information Protection Law, art. 45), the plans say nothing. */
export const DEFAULT_ANSWER_DAYS = 30;

/** A request of the register. */
export interface SubjectRequest {
  /** 128 random bits. */
  readonly request: string;
  readonly kind: SubjectRequestKind;
  readonly resource: Name;
  readonly receivedAt: Instant;
  readonly dueAt: Instant;
  readonly answeredAt: Instant | null;
}

/** A request with what stays in the register. */
export interface KeptRequest extends SubjectRequest {
  /** Tag of who asked, under a key of the request alone. */
  readonly tag: Bytes;
  /** Salt of the commitment in events about the request: once it is erased, nobody can tell which they are. */
  readonly salt: Bytes;
}

/** Table of requests. */
export class SubjectRequestStore {
  readonly #db: StateDatabase;

  constructor(db: StateDatabase) {
    this.#db = db;
  }

  /** Opens a request. */
  open(request: KeptRequest): void {
    this.#db
      .prepare(
        `INSERT INTO subject_request (request, kind, resource, tag, salt, received_at, due_at, answered_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        request.request,
        request.kind,
        request.resource,
        request.tag,
        request.salt,
        request.receivedAt,
        request.dueAt,
        request.answeredAt,
      );
  }

  /** The request of that name, or null. */
  get(request: string): KeptRequest | null {
    const row = this.#db.prepare("SELECT * FROM subject_request WHERE request = ?").get(request);
    if (row === undefined || !(row["tag"] instanceof Uint8Array) || !(row["salt"] instanceof Uint8Array)) return null;
    return { ...readRequest(row), tag: row["tag"], salt: row["salt"] };
  }

  /** Notes the first answer. */
  answer(request: string, at: Instant): void {
    this.#db
      .prepare("UPDATE subject_request SET answered_at = ? WHERE request = ? AND answered_at IS NULL")
      .run(at, request);
  }

  /** Every request, the one that is due first at the head. */
  list(): SubjectRequest[] {
    return this.#db.prepare("SELECT * FROM subject_request ORDER BY due_at, request").all().map(readRequest);
  }
}

function readRequest(row: Record<string, unknown>): SubjectRequest {
  return {
    request: String(row["request"]),
    kind: row["kind"] === "copy" ? "copy" : "trail",
    resource: String(row["resource"]),
    receivedAt: String(row["received_at"]),
    dueAt: String(row["due_at"]),
    answeredAt: typeof row["answered_at"] === "string" ? row["answered_at"] : null,
  };
}

/** Builds that read rows of persons: what was served from them, under which grant, from when until when. Whose rows they
 *  were stands in a file of tags that a row here names.
 *  @module */
import type { FieldName, Instant, Name, ProductForm, ResourceField, Sha256Hex } from "@sluice/protocol";
import type { StateDatabase } from "./database.ts";

/** Years for which a build is remembered after its end: the longest rule of the plans for logs. */
export const MEMBERSHIP_RETENTION_YEARS = 3;

/** A build whose product was put in service. */
export interface MembershipRecord {
  /** Name of the file of tags. */
  readonly name: string;
  readonly product: Name;
  readonly version: number;
  readonly form: ProductForm;
  readonly grant: Sha256Hex;
  readonly resource: Name;
  /** Column that names the persons, and its type then. */
  readonly column: FieldName;
  readonly columnType: ResourceField["type"];
  readonly snapshot: Sha256Hex;
  /** The run that built it. */
  readonly callId: string;
  /** When it began to answer. */
  readonly from: Instant;
  /** End of the grant's term: it answers no longer than that. */
  readonly termEnd: Instant;
}

/** How the service of a build ended before its term did. */
export type MembershipEnd = "rebuilt" | "revoked";

/** A build with the end of its service, if it ended before the term. */
export interface KeptMembership extends MembershipRecord {
  /** May be yet to come: after an update the build before answers for a while. */
  readonly until: Instant | null;
  readonly ended: MembershipEnd | null;
}

/** Table of builds. */
export class MembershipStore {
  readonly #db: StateDatabase;

  constructor(db: StateDatabase) {
    this.#db = db;
  }

  /** Notes a build that takes the place of the one before it of the same product version, which answers until `graceUntil`
   *  or its term's end, if that is given. Whatever came before that ends. Part of the caller's transaction, so that a product
   *  never answers from rows that no trail shows. */
  begin(record: MembershipRecord, graceUntil: Instant | null): void {
    const { from, product, version } = record;
    this.#db
      .prepare(
        `UPDATE membership SET until_at = ? WHERE product = ? AND version = ? AND ended = 'rebuilt' AND until_at > ?`,
      )
      .run(from, product, version, from);
    this.#db
      .prepare(
        `UPDATE membership SET until_at = min(?, max(term_end, ?)), ended = 'rebuilt'
           WHERE product = ? AND version = ? AND until_at IS NULL`,
      )
      .run(graceUntil ?? from, from, product, version);
    this.#db
      .prepare(
        `INSERT INTO membership (name, product, version, form, grant_hash, resource, key_column, key_type,
           snapshot_hash, call_id, from_at, term_end) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        record.name,
        record.product,
        record.version,
        record.form,
        record.grant,
        record.resource,
        record.column,
        record.columnType,
        record.snapshot,
        record.callId,
        record.from,
        record.termEnd,
      );
  }

  /** Ends what is served under a grant that was taken back. What an update had replaced answers no more, either. */
  endOfGrant(grant: Sha256Hex, at: Instant): void {
    this.#db
      .prepare("UPDATE membership SET until_at = ?, ended = 'revoked' WHERE grant_hash = ? AND until_at IS NULL")
      .run(at, grant);
    this.#db
      .prepare("UPDATE membership SET until_at = ? WHERE grant_hash = ? AND ended = 'rebuilt' AND until_at > ?")
      .run(at, grant, at);
  }

  /** Ends everything that is served: every grant of before is void. */
  endAll(at: Instant): void {
    this.#db.prepare("UPDATE membership SET until_at = ?, ended = 'revoked' WHERE until_at IS NULL").run(at);
    this.#db.prepare("UPDATE membership SET until_at = ? WHERE ended = 'rebuilt' AND until_at > ?").run(at, at);
  }

  /** Builds of a resource, the oldest first. */
  ofResource(resource: Name): KeptMembership[] {
    return this.#db
      .prepare("SELECT * FROM membership WHERE resource = ? ORDER BY from_at, rowid")
      .all(resource)
      .map(readMembership);
  }

  /** Names of every file of tags. */
  names(): Set<string> {
    return new Set(
      this.#db
        .prepare("SELECT name FROM membership")
        .all()
        .map((row) => String(row["name"])),
    );
  }

  /** Forgets builds whose service ended longer ago than the retention. Returns the names of their files. */
  prune(now: Date): string[] {
    const before = new Date(now);
    before.setUTCFullYear(before.getUTCFullYear() - MEMBERSHIP_RETENTION_YEARS);
    return this.#db
      .prepare("DELETE FROM membership WHERE min(coalesce(until_at, term_end), term_end) < ? RETURNING name")
      .all(before.toISOString())
      .map((row) => String(row["name"]));
  }
}

function readMembership(row: Record<string, unknown>): KeptMembership {
  const text = (column: string): string => String(row[column]);
  return {
    name: text("name"),
    product: text("product"),
    version: Number(row["version"]),
    form: text("form") as ProductForm,
    grant: text("grant_hash"),
    resource: text("resource"),
    column: text("key_column"),
    columnType: text("key_type") as ResourceField["type"],
    snapshot: text("snapshot_hash"),
    callId: text("call_id"),
    from: text("from_at"),
    termEnd: text("term_end"),
    until: row["until_at"] === null ? null : text("until_at"),
    ended: row["ended"] === null ? null : (text("ended") as MembershipEnd),
  };
}

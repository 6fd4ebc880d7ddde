/** First schema. Portable subset: plain types, primary keys and unique indexes; no upserts, sequences or triggers.
 *  @module */
import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** Creates every table of the first release. */
export const foundation: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable("party")
      .addColumn("party", "varchar(64)", (column) => column.primaryKey())
      .addColumn("key_id", "varchar(64)", (column) => column.notNull().unique())
      .addColumn("role", "varchar(16)", (column) => column.notNull())
      .addColumn("status", "varchar(16)", (column) => column.notNull())
      .addColumn("at", "varchar(24)", (column) => column.notNull())
      .addColumn("statement", "text", (column) => column.notNull())
      .execute();
    await db.schema
      .createTable("domain")
      .addColumn("domain", "varchar(64)", (column) => column.primaryKey())
      .addColumn("url", "text", (column) => column.notNull())
      .addColumn("description", "text", (column) => column.notNull())
      .addColumn("registered_at", "varchar(24)", (column) => column.notNull())
      .execute();
    await db.schema
      .createTable("party_delivery")
      .addColumn("domain", "varchar(64)", (column) => column.notNull())
      .addColumn("party", "varchar(64)", (column) => column.notNull())
      .addColumn("at", "varchar(24)", (column) => column.notNull())
      .addColumn("statement", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("party_delivery_pk", ["domain", "party"])
      .execute();
    await db.schema
      .createTable("scene")
      .addColumn("scene", "varchar(64)", (column) => column.primaryKey())
      .addColumn("state", "varchar(16)", (column) => column.notNull())
      .addColumn("proposal", "text", (column) => column.notNull())
      .addColumn("draft_hash", "varchar(64)", (column) => column.notNull().unique())
      .addColumn("proposed_by", "varchar(64)", (column) => column.notNull())
      .addColumn("proposed_at", "varchar(24)", (column) => column.notNull())
      .addColumn("signed_grant", "text")
      .execute();
    await db.schema
      .createTable("review")
      .addColumn("subject_kind", "varchar(8)", (column) => column.notNull())
      .addColumn("subject", "varchar(64)", (column) => column.notNull())
      .addColumn("position", "integer", (column) => column.notNull())
      .addColumn("party", "varchar(64)", (column) => column.notNull())
      .addColumn("role", "varchar(16)", (column) => column.notNull())
      .addColumn("person", "varchar(60)", (column) => column.notNull())
      .addColumn("verdict", "varchar(16)", (column) => column.notNull())
      .addColumn("note", "text", (column) => column.notNull())
      .addColumn("at", "varchar(24)", (column) => column.notNull())
      .addPrimaryKeyConstraint("review_pk", ["subject_kind", "subject", "position"])
      .execute();
    await db.schema
      .createTable("run")
      .addColumn("call_id", "varchar(32)", (column) => column.primaryKey())
      .addColumn("operation", "varchar(16)", (column) => column.notNull())
      .addColumn("domain", "varchar(64)", (column) => column.notNull())
      .addColumn("grant_hash", "varchar(64)", (column) => column.notNull())
      .addColumn("product", "varchar(64)", (column) => column.notNull())
      .addColumn("version", "integer", (column) => column.notNull())
      .addColumn("bundle", "varchar(64)", (column) => column.notNull())
      .addColumn("key_id", "varchar(64)", (column) => column.notNull())
      .addColumn("request", "text", (column) => column.notNull())
      .addColumn("document", "text")
      .addColumn("submitted_at", "varchar(24)", (column) => column.notNull())
      .execute();
    await db.schema.createIndex("run_product").on("run").columns(["product", "version", "grant_hash"]).execute();
    await db.schema
      .createTable("product")
      .addColumn("product", "varchar(64)", (column) => column.notNull())
      .addColumn("version", "integer", (column) => column.notNull())
      .addColumn("domain", "varchar(64)", (column) => column.notNull())
      .addColumn("scene", "varchar(64)", (column) => column.notNull())
      .addColumn("grant_hash", "varchar(64)", (column) => column.notNull())
      .addColumn("bundle", "varchar(64)", (column) => column.notNull())
      .addColumn("release_hash", "varchar(64)", (column) => column.notNull().unique())
      .addColumn("registration_code", "varchar(24)", (column) => column.notNull().unique())
      .addColumn("status", "varchar(16)", (column) => column.notNull())
      .addColumn("developer", "varchar(64)", (column) => column.notNull())
      .addColumn("signed_release", "text", (column) => column.notNull())
      .addColumn("registered_at", "varchar(24)", (column) => column.notNull())
      .addPrimaryKeyConstraint("product_pk", ["product", "version"])
      .execute();
    await db.schema
      .createTable("registration_counter")
      .addColumn("year", "integer", (column) => column.primaryKey())
      .addColumn("last_number", "integer", (column) => column.notNull())
      .execute();
    await db.schema
      .createTable("receipt")
      .addColumn("call_id", "varchar(32)", (column) => column.primaryKey())
      .addColumn("key_id", "varchar(64)", (column) => column.notNull())
      .addColumn("grant_hash", "varchar(64)", (column) => column.notNull())
      .addColumn("receipt", "text", (column) => column.notNull())
      .addColumn("domain_log", "text", (column) => column.notNull())
      .addColumn("request", "text")
      .addColumn("salt", "varchar(64)", (column) => column.notNull())
      .addColumn("log_index", "bigint")
      .addColumn("log_proof", "text")
      .execute();
    await db.schema.createIndex("receipt_log_index").on("receipt").column("log_index").execute();
    await db.schema
      .createTable("usage_record")
      .addColumn("call_id", "varchar(32)", (column) => column.primaryKey())
      .addColumn("grant_hash", "varchar(64)", (column) => column.notNull())
      .addColumn("product", "varchar(64)", (column) => column.notNull())
      .addColumn("version", "integer", (column) => column.notNull())
      .addColumn("form", "varchar(32)")
      .addColumn("operation", "varchar(32)", (column) => column.notNull())
      .addColumn("unit", "varchar(32)", (column) => column.notNull())
      .addColumn("amount", "numeric(30, 0)", (column) => column.notNull())
      .addColumn("key_id", "varchar(64)", (column) => column.notNull())
      .addColumn("at", "varchar(24)", (column) => column.notNull())
      .execute();
    await db.schema
      .createTable("http_nonce")
      .addColumn("key_id", "varchar(64)", (column) => column.notNull())
      .addColumn("nonce", "varchar(32)", (column) => column.notNull())
      .addColumn("expires_at", "varchar(24)", (column) => column.notNull())
      .addPrimaryKeyConstraint("http_nonce_pk", ["key_id", "nonce"])
      .execute();
  },

  async down(db: Kysely<unknown>): Promise<void> {
    const tables = [
      "http_nonce",
      "usage_record",
      "receipt",
      "registration_counter",
      "product",
      "run",
      "review",
      "scene",
      "party_delivery",
      "domain",
      "party",
    ];
    for (const table of tables) await db.schema.dropTable(table).execute();
  },
};

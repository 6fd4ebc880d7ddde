/** Openings of receipts and the gateway's bookings; what names a party beside a receipt can be erased.
 *  @module */
import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** Adds the columns. */
export const openings: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .alterTable("receipt")
      .addColumn("openings", "text", (column) => column.notNull().defaultTo("{}"))
      .addColumn("booking", "text", (column) => column.notNull().defaultTo(""))
      .alterColumn("key_id", (column) => column.dropNotNull())
      .execute();
    await db.schema
      .alterTable("usage_record")
      .alterColumn("key_id", (column) => column.dropNotNull())
      .execute();
    await db.schema
      .alterTable("run")
      .alterColumn("key_id", (column) => column.dropNotNull())
      .alterColumn("request", (column) => column.dropNotNull())
      .execute();
  },

  async down(db: Kysely<unknown>): Promise<void> {
    // A run whose request was erased cannot be read by what was before.
    await sql`delete from run where request is null`.execute(db);
    await db.schema
      .alterTable("run")
      .alterColumn("request", (column) => column.setNotNull())
      .execute();
    for (const table of ["run", "usage_record", "receipt"]) {
      await sql`update ${sql.table(table)} set key_id = '' where key_id is null`.execute(db);
      await db.schema
        .alterTable(table)
        .alterColumn("key_id", (column) => column.setNotNull())
        .execute();
    }
    await db.schema.alterTable("receipt").dropColumn("booking").dropColumn("openings").execute();
  },
};

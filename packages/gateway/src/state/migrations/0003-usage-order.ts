/** Usage in the order of its instants: receipts of a period are read page by page.
 *  @module */
import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** Adds the index. */
export const usageOrder: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.createIndex("usage_record_at").on("usage_record").columns(["at", "call_id"]).execute();
  },

  async down(db: Kysely<unknown>): Promise<void> {
    await db.schema.dropIndex("usage_record_at").execute();
  },
};

/** Aggregations over several domains: agreements, how far each is, and the messages of its rounds while it runs.
 *  @module */
import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** Adds the tables. */
export const aggregates: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable("aggregate")
      .addColumn("aggregate", "varchar(64)", (column) => column.primaryKey())
      .addColumn("agreement", "text", (column) => column.notNull())
      .addColumn("state", "varchar(16)", (column) => column.notNull())
      .addColumn("round", "integer", (column) => column.notNull())
      .addColumn("lost", "text", (column) => column.notNull())
      .addColumn("reason", "varchar(100)")
      .addColumn("at", "varchar(32)", (column) => column.notNull())
      .execute();
    await db.schema
      .createTable("aggregate_message")
      .addColumn("aggregate", "varchar(64)", (column) => column.notNull().references("aggregate.aggregate"))
      .addColumn("round", "integer", (column) => column.notNull())
      .addColumn("party", "integer", (column) => column.notNull())
      .addColumn("message", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("aggregate_message_place", ["aggregate", "round", "party"])
      .execute();
  },

  async down(db: Kysely<unknown>): Promise<void> {
    await db.schema.dropTable("aggregate_message").execute();
    await db.schema.dropTable("aggregate").execute();
  },
};

/** Product forms, points of reviews, and applications of scenes. What was registered before served labels; what was
 *  proposed before had no application, and says so.
 *  @module */
import { APPLICATION_SECTIONS } from "@sluice/protocol";
import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** What stands in each section of an application that was never written. */
export const NO_APPLICATION = "Not stated: proposed before applications were asked for.";

type Scenes = { scene: { scene: string; proposal: string } };

/** Adds the columns and completes the proposals. */
export const productForms: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .alterTable("product")
      .addColumn("form", "varchar(32)", (column) => column.notNull().defaultTo("label-lookup"))
      .execute();
    await db.schema.alterTable("review").addColumn("scores", "text").execute();
    const application = Object.fromEntries(APPLICATION_SECTIONS.map((section) => [section, NO_APPLICATION]));
    await rewriteProposals(db, (proposal) => ({ application, ...proposal }));
  },

  async down(db: Kysely<unknown>): Promise<void> {
    await rewriteProposals(db, ({ application: _application, ...proposal }) => proposal);
    await db.schema.alterTable("review").dropColumn("scores").execute();
    await db.schema.alterTable("product").dropColumn("form").execute();
  },
};

async function rewriteProposals(
  db: Kysely<unknown>,
  rewrite: (proposal: Record<string, unknown>) => Record<string, unknown>,
): Promise<void> {
  const scenes = db.withTables<Scenes>();
  for (const { scene, proposal } of await scenes.selectFrom("scene").select(["scene", "proposal"]).execute()) {
    const rewritten = JSON.stringify(rewrite(JSON.parse(proposal) as Record<string, unknown>));
    await scenes.updateTable("scene").set({ proposal: rewritten }).where("scene", "=", scene).execute();
  }
}

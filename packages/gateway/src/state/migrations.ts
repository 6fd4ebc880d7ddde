/** Every migration, by the name under which it is recorded. Names sort in order of application and never change.
 *  @module */
import type { Migration } from "kysely/migration";
import { foundation } from "./migrations/0001-foundation.ts";
import { productForms } from "./migrations/0002-product-forms.ts";
import { usageOrder } from "./migrations/0003-usage-order.ts";
import { openings } from "./migrations/0004-openings.ts";
import { aggregates } from "./migrations/0005-aggregates.ts";

/** All migrations of the control plane. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  "0001-foundation": foundation,
  "0002-product-forms": productForms,
  "0003-usage-order": usageOrder,
  "0004-openings": openings,
  "0005-aggregates": aggregates,
};

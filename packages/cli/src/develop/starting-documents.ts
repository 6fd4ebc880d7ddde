/** The documents that a new job starts from when no scene is named: an invented social-insurance table, and a policy
 *  that shows it with care.
 *  @module */
import type { Policy, ResourceDescription } from "@sluice/protocol";

/** Description of an invented table. */
export const STARTING_RESOURCE: ResourceDescription = {
  domain: "hrss",
  resource: "social-insurance",
  title: "Social insurance (invented)",
  format: "csv",
  source: "sluice job init",
  updateFrequency: "month",
  approximateRows: 20_000,
  fields: [
    { name: "resident_id", title: "Resident id", type: "text", role: "direct", grade: "general-4" },
    { name: "region", title: "Administrative code", type: "text", role: "quasi", grade: "general-3" },
    { name: "age", title: "Age in years", type: "integer", role: "quasi", grade: "general-3" },
    { name: "months_insured", title: "Months of contribution", type: "integer", role: "other", grade: "general-3" },
    { name: "monthly_base", title: "Contribution base, yuan", type: "decimal", role: "sensitive", grade: "general-3" },
    { name: "defaulted", title: "Has defaulted on a loan", type: "boolean", role: "sensitive", grade: "general-3" },
  ],
  snapshot: "0".repeat(64),
  importedAt: "2026-01-01T00:00:00.000Z",
};

/** How jobs see it. `resident_id`, by which callers ask, is dropped. */
export const STARTING_POLICY: Policy = {
  version: 1,
  resource: "social-insurance",
  columns: {
    resident_id: { role: "direct", transform: { kind: "drop" } },
    region: { role: "quasi", transform: { kind: "generalize", length: 4 } },
    age: { role: "quasi", transform: { kind: "bucket", width: 10, min: 20, max: 80 } },
    months_insured: { role: "other", transform: { kind: "bucket", width: 12, min: 0, max: 480 } },
    monthly_base: { role: "sensitive", transform: { kind: "bucket", width: 500, min: 0, max: 40_000 } },
    defaulted: { role: "sensitive", transform: { kind: "keep" } },
  },
  sample: { rows: 5_000, strata: ["region"] },
  k: 5,
  suppressionLimit: 0.15,
};

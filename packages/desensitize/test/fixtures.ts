/** Small policies and descriptions for tests.
 *  @module */
import type { ColumnRule, Policy, ResourceDescription, ResourceField } from "@sluice/protocol";

/** A column with the least said about it. */
export function field(name: string, type: ResourceField["type"], role: ResourceField["role"] = "other"): ResourceField {
  return { name, title: name, type, role, grade: "general-2" };
}

/** A resource named `people` with these columns. */
export function describe(...fields: ResourceField[]): ResourceDescription {
  return {
    domain: "hrss",
    resource: "people",
    title: "people",
    format: "csv",
    source: "test",
    updateFrequency: "once",
    approximateRows: 0,
    fields,
    snapshot: "0".repeat(64),
    importedAt: "2026-01-01T00:00:00.000Z",
  };
}

/** A policy for `people` with these rules. */
export function policyOf(columns: Record<string, ColumnRule>, change: Partial<Policy> = {}): Policy {
  return {
    version: 1,
    resource: "people",
    columns,
    sample: { rows: 1_000, strata: [] },
    k: 5,
    suppressionLimit: 0.1,
    ...change,
  };
}

/** What the privacy model of a policy looks at: hierarchies of the columns as the policy shows them, and sensitive columns.
 *  @module */
import type { Policy, ResourceDescription } from "@sluice/protocol";
import type { ColumnHierarchy } from "../anonymity/dimension.ts";
import type { SensitiveColumn } from "../anonymity/request.ts";
import { viewColumns } from "./columns.ts";

/** The resource's hierarchies of the columns that are shown as stored: another transform has levels of its own, and leaves
 *  only itself and `*`. */
export function columnHierarchies(policy: Policy, resource: ResourceDescription): Record<string, ColumnHierarchy> {
  const declared = resource.fields.flatMap(({ name, hierarchy }): [string, ColumnHierarchy][] => {
    const rule = Object.hasOwn(policy.columns, name) ? policy.columns[name] : undefined;
    return hierarchy === undefined || rule?.transform.kind !== "keep" ? [] : [[name, { hierarchy, from: 0 }]];
  });
  return Object.fromEntries(declared);
}

/** Sensitive columns that a job sees, with `fields` only those. The distance of numbers counts, that of text does not. */
export function sensitiveColumns(
  policy: Policy,
  resource: ResourceDescription,
  fields?: readonly string[],
): SensitiveColumn[] {
  return Object.entries(viewColumns(policy, resource))
    .filter(([name]) => policy.columns[name]?.role === "sensitive" && (fields?.includes(name) ?? true))
    .map(([name, type]) => ({ name, ordered: type === "f64" || type === "i32" }));
}

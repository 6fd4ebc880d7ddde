/** What the privacy model of a policy looks at: hierarchies of the columns as the policy shows them, and sensitive columns.
 *  @module */
import type { Policy, ResourceDescription, Transform } from "@sluice/protocol";
import type { ColumnHierarchy } from "../anonymity/dimension.ts";
import type { SensitiveColumn } from "../anonymity/request.ts";
import { viewColumns } from "./columns.ts";

/** The resource's hierarchies of the columns that stand at one of their levels: as stored, or where the policy puts them. Another
 *  transform is off the hierarchy, and leaves only itself and `*`. */
export function columnHierarchies(policy: Policy, resource: ResourceDescription): Record<string, ColumnHierarchy> {
  const declared = resource.fields.flatMap(({ name, hierarchy }): [string, ColumnHierarchy][] => {
    const rule = Object.hasOwn(policy.columns, name) ? policy.columns[name] : undefined;
    const from = standingLevel(rule?.transform);
    return hierarchy === undefined || from === undefined ? [] : [[name, { hierarchy, from }]];
  });
  return Object.fromEntries(declared);
}

function standingLevel(transform: Transform | undefined): number | undefined {
  if (transform?.kind === "hierarchy") return transform.level;
  return transform?.kind === "keep" ? 0 : undefined;
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

/** What the privacy model of a policy looks at: hierarchies of the columns as the policy shows them, and sensitive columns.
 *  @module */
import type { Hierarchy, Policy, ResourceDescription, Transform } from "@sluice/protocol";
import type { ColumnHierarchy } from "../anonymity/dimension.ts";
import type { SensitiveColumn } from "../anonymity/request.ts";
import { viewColumns } from "./columns.ts";

/** The resource's hierarchies of the columns that stand at one of their levels: as stored, or where the policy puts them. Any
 *  other transform is off the hierarchy, and leaves only itself and `*`. */
export function columnHierarchies(policy: Policy, resource: ResourceDescription): Record<string, ColumnHierarchy> {
  const declared = resource.fields.flatMap(({ name, hierarchy }): [string, ColumnHierarchy][] => {
    const rule = Object.hasOwn(policy.columns, name) ? policy.columns[name] : undefined;
    if (hierarchy === undefined || rule === undefined) return [];
    const from = standingLevel(rule.transform, hierarchy);
    return from < 0 ? [] : [[name, { hierarchy, from }]];
  });
  return Object.fromEntries(declared);
}

/** The level that a transform is; -1 when it is none. */
function standingLevel(transform: Transform, hierarchy: Hierarchy): number {
  const { kind } = transform;
  if (kind === "keep") return 0;
  if (kind === "hierarchy") return transform.level;
  if (kind === "bucket") return hierarchy.kind === "intervals" ? found(hierarchy.widths.indexOf(transform.width)) : -1;
  if (kind !== "generalize") return -1;
  if (hierarchy.kind === "prefix") return found(hierarchy.lengths.indexOf(transform.length));
  if (hierarchy.kind !== "date") return -1;
  return found(hierarchy.units.findIndex((unit) => DATE_LENGTHS[unit] === transform.length));
}

/** Characters of a date that a unit leaves; the others are not its first characters. */
const DATE_LENGTHS: Readonly<Record<string, number>> = { month: 7, year: 4 };

function found(step: number): number {
  return step < 0 ? -1 : step + 1;
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

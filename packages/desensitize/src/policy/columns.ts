/** What a policy makes of a resource's columns: which a job sees, of what type, and which of them are counted
 *  when a sample is checked for k-anonymity.
 *  @module */
import { SluiceError, topLevel } from "@sluice/protocol";
import type { ColumnRule, ColumnType, Policy, ResourceDescription, ResourceField, Transform } from "@sluice/protocol";
import { hierarchyType } from "../hierarchy/hierarchy-sql.ts";
import type { StoredType } from "../transform/column.ts";

/** A column with the rule that shows it: never one that is dropped. */
export interface ViewColumn {
  readonly name: string;
  readonly stored: StoredType;
  readonly rule: ColumnRule;
  /** Type a job sees. */
  readonly type: ColumnType;
  /** How the resource says that its values become coarser. */
  readonly hierarchy?: ResourceField["hierarchy"];
}

/** Type of a stored column after `transform`; `null` when the transform drops it or does not fit the field. */
export function transformedType(
  transform: Transform,
  { type: stored, hierarchy }: Pick<ResourceField, "type" | "hierarchy">,
): ColumnType | null {
  switch (transform.kind) {
    case "drop":
      return null;
    case "keep":
      return KEPT_TYPES[stored];
    case "mask":
    case "token":
    case "generalize":
      return stored === "text" || stored === "integer" || stored === "date" ? "dict" : null;
    case "bucket":
      return stored === "integer" || stored === "decimal" ? "f64" : null;
    case "hierarchy":
      if (hierarchy === undefined || transform.level > topLevel(hierarchy)) return null;
      return hierarchyType(hierarchy, transform.level);
    case "dateShift":
      return stored === "date" || stored === "text" || stored === "integer" ? "dict" : null;
    case "noise":
      return stored === "integer" || stored === "decimal" ? KEPT_TYPES[stored] : null;
    case "fpe":
      return stored === "text" || (stored === "integer" && transform.format !== "resident-id") ? "dict" : null;
    case "fake":
      return stored === "text" || (stored === "integer" && transform.of === "mobile") ? "dict" : null;
  }
}

const KEPT_TYPES = {
  text: "dict",
  integer: "i32",
  decimal: "f64",
  boolean: "bool",
  date: "dict",
} as const satisfies Record<StoredType, ColumnType>;

/** The rule of column `name`; `null` when the policy has none, which drops the column. */
function ruleOf(policy: Policy, name: string): ColumnRule | null {
  return (Object.hasOwn(policy.columns, name) ? policy.columns[name] : undefined) ?? null;
}

/** Columns the policy shows, in the resource's order. The policy must have passed `checkPolicy`. */
function shownColumns(policy: Policy, resource: ResourceDescription): ViewColumn[] {
  return resource.fields.flatMap((field) => {
    const rule = ruleOf(policy, field.name);
    const type = rule === null ? null : transformedType(rule.transform, field);
    if (rule === null || type === null) return [];
    return [{ name: field.name, stored: field.type, rule, type, hierarchy: field.hierarchy }];
  });
}

/** The shown column `name`. @throws ERR_POLICY when the policy does not show it. */
export function shownColumn(policy: Policy, resource: ResourceDescription, name: string): ViewColumn {
  const column = shownColumns(policy, resource).find((shown) => shown.name === name);
  if (column === undefined) {
    throw new SluiceError("ERR_POLICY", {
      pointer: `/columns/${name}`,
      reason: "the policy does not show this column",
    });
  }
  return column;
}

/** The column as an earlier sample showed it. Where the table of today has no such value, as it is stored.
 *  @throws ERR_POLICY_COLUMN when the table lost it */
export function countedColumn(
  { name, transform }: { readonly name: string; readonly transform: Transform },
  resource: ResourceDescription,
): ViewColumn {
  const field = resource.fields.find((field) => field.name === name);
  if (field === undefined) throw new SluiceError("ERR_POLICY_COLUMN", { column: name });
  const { type: stored, hierarchy } = field;
  const type = transformedType(transform, field);
  const rule: ColumnRule = { role: "quasi", transform: type === null ? { kind: "keep" } : transform };
  return { name, stored, rule, type: type ?? KEPT_TYPES[stored], hierarchy };
}

/** Types of the columns that jobs see under `policy`. */
export function viewColumns(policy: Policy, resource: ResourceDescription): Record<string, ColumnType> {
  return Object.fromEntries(shownColumns(policy, resource).map(({ name, type }) => [name, type]));
}

/** Whether the rule gives each value another that stands for it: one for each person, whose distribution says nothing. */
export function isPseudonym(rule: ColumnRule | undefined): boolean {
  const kind = rule?.transform.kind;
  return kind === "token" || kind === "fpe" || kind === "fake";
}

/** Columns counted for k: every shown quasi-identifier, and every masked direct identifier, whose remaining
 *  characters point at a person as well as a quasi-identifier does. Tokens of direct identifiers are pseudonyms,
 *  unique by design, and are not counted. With `fields`, only those. */
export function quasiIdentifiers(policy: Policy, fields?: readonly string[]): string[] {
  return Object.entries(policy.columns)
    .filter(([, { role, transform }]) =>
      role === "direct" ? transform.kind === "mask" : role === "quasi" && transform.kind !== "drop",
    )
    .map(([name]) => name)
    .filter((name) => fields?.includes(name) ?? true)
    .sort();
}

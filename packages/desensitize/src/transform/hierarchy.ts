/** A level of the hierarchy that the resource declares for a column: coarser values, cut as in every other sample of the table.
 *  @module */
import type { Hierarchy, Transform } from "@sluice/protocol";
import { generalizeValue } from "../hierarchy/generalize.ts";
import { hierarchySql } from "../hierarchy/hierarchy-sql.ts";
import type { ShownValue, StoredValue } from "./column.ts";

type Level = Extract<Transform, { kind: "hierarchy" }>;

/** `value` at the rule's level. @throws RangeError when the column has no such level. */
export function atLevel({ level }: Level, value: StoredValue, hierarchy: Hierarchy | undefined): ShownValue {
  return generalizeValue(known(hierarchy), level, value) as ShownValue;
}

/** The same of an SQL expression. @throws RangeError when the column has no such level. */
export function atLevelSql({ level }: Level, source: string, hierarchy: Hierarchy | undefined): string {
  return hierarchySql(known(hierarchy), level, source);
}

function known(hierarchy: Hierarchy | undefined): Hierarchy {
  if (hierarchy === undefined) throw new RangeError("expected a column with a hierarchy");
  return hierarchy;
}

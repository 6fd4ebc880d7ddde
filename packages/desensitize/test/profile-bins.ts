/** Which bin of a profile a value is in, from what the schema says, without the code that counted.
 *  @module */
import { REST_BIN, type ColumnProfile } from "@sluice/protocol";
import type { Cell } from "./engine.ts";

/** The bin of `value`: a listed value, a band, behind the bands a common number, or the rest. */
export function plainBin(column: ColumnProfile, value: Cell): number {
  if (value === null || column.kind === "shape") return REST_BIN;
  if (column.kind === "values") return column.values.findIndex((listed) => listed.value === String(value));
  if (column.kind === "numbers") {
    const common = column.common.findIndex((listed) => listed.value === Number(value));
    if (common >= 0) return column.persons.length + common;
  }
  if (column.persons.length === 0) return REST_BIN;
  const ordered = typeof value === "string" ? value : Number(value);
  return column.edges.slice(1, -1).filter((edge) => edge <= ordered).length;
}

/** Persons of each bin, as the profile shows them. */
export function shownPersons(column: Exclude<ColumnProfile, { kind: "shape" }>): number[] {
  if (column.kind === "values") return column.values.map(({ persons }) => persons);
  return [...column.persons, ...(column.kind === "numbers" ? column.common.map(({ persons }) => persons) : [])];
}

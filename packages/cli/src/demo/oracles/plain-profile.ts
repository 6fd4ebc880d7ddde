/** Figures of a published profile beside plain counts of the rows, by the rules as they are told: persons, to multiples of 5.
 *  @module */
import type { ResourceProfile } from "@sluice/protocol";
import type { CityTable } from "../city/table.ts";
import { columnOf } from "./plain-rows.ts";

const BASE = 5;

/** Whether `profile` counts the persons of `table`, one to a row, tells the shares of `field`, of which every value is
 *  frequent, and shows no value of a direct identifier. */
export function profileIsPlain(profile: ResourceProfile, table: CityTable, field: string): boolean {
  const at = columnOf(table)(field);
  const counts = new Map<string, number>();
  let rows = 0;
  for (const row of table.rows()) {
    rows++;
    const value = row[at] ?? "";
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const told = profile.columns.find((column) => column.field === field);
  if (told?.kind !== "values" || told.other !== undefined || told.missing !== undefined) return false;
  const shown = new Map(told.values.map(({ value, persons }) => [value, persons]));
  const hidden = table.fields.filter(({ role }) => role === "direct").map(({ name }) => name);
  return (
    profile.persons === rounded(rows) &&
    shown.size === counts.size &&
    [...counts].every(([value, persons]) => shown.get(value) === rounded(persons)) &&
    profile.columns.every((column) => !hidden.includes(column.field) || column.kind === "shape")
  );
}

function rounded(persons: number): number {
  return BASE * Math.round(persons / BASE);
}

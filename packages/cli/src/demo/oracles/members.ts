/** Plain sets that matched lists are compared with: whose rows a rule holds for, on the generated rows in the clear.
 *  @module */
import type { CityTable } from "../city/table.ts";
import { columnOf, step } from "./plain-rows.ts";

/** Identity numbers of those who are insured for a year and at most three months behind. */
export function plainInsured(table: CityTable): Set<string> {
  const column = columnOf(table);
  const [months, arrears] = [column("months_insured"), column("arrears_months")];
  return membersOf(table, (row) => Number(row[months]) >= 12 && Number(row[arrears]) <= 3);
}

/** Identity numbers of those with a stay in hospital of which they paid 3,000 yuan or more themselves, both amounts
 *  rounded down to hundreds as the policy has it. */
export function plainHighCharges(table: CityTable): Set<string> {
  const column = columnOf(table);
  const [inpatient, charge, paid] = [column("inpatient"), column("charge"), column("insured_paid")];
  return membersOf(
    table,
    (row) =>
      row[inpatient] === "true" && step(row[charge], 100, 0, 500_000) - step(row[paid], 100, 0, 500_000) >= 3_000,
  );
}

function membersOf(table: CityTable, isMember: (row: readonly string[]) => boolean): Set<string> {
  const key = columnOf(table)("resident_id");
  const members = new Set<string>();
  for (const row of table.rows()) if (isMember(row)) members.add(row[key] ?? "");
  return members;
}

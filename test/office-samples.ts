/** What is plain to see in the rows that officers wrote out, counted from the files and from the generated tables in the clear.
 *  @module */
import { readFile } from "node:fs/promises";
import type { CityTable } from "../packages/cli/src/demo/city/tables.ts";

/** A row of text by its columns. */
type Row = Readonly<Record<string, string>>;

/** Rows of a file that an officer wrote; none of its values needs quotes. */
export async function officeRows(file: string): Promise<Row[]> {
  const text = (await readFile(file, "utf8")).replace(/^\uFEFF/, "");
  const [header = [], ...rows] = text
    .trimEnd()
    .split("\r\n")
    .map((line) => line.split(","));
  return rows.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i] ?? ""])));
}

/** Rows of a table in the clear. */
export function tableRows(table: CityTable): Row[] {
  return Array.from(table.rows(), (row) => Object.fromEntries(table.header.map((name, i) => [name, row[i] ?? ""])));
}

/** Rows by what they show in `columns`. */
export function classesOf(rows: readonly Row[], columns: readonly string[]): Map<string, Row[]> {
  return Map.groupBy(rows, (row) => columns.map((name) => row[name]).join(" | "));
}

/** A value of the register at a level of its column, told by how much of it is left. */
export function registerValue(column: string, value: string, level: number): string {
  const left = { industry: [5, 3, 1], region: [6, 4, 2], founded: [10, 4, 3] }[column]?.[level];
  if (left === undefined) return "*";
  return value.slice(0, left) + (column === "founded" && left === 3 ? "0s" : "");
}

/** Whether a value lies in what a class shows: `a..b`, or the one value. */
export function liesIn(shown: string, value: string): boolean {
  const [low = "", high = low] = shown.split("..");
  return shown === "*" || (low <= value && value <= high);
}

const DAY_MS = 86_400_000;

/** Of each person, told apart by `key`: the days from the first visit to each. */
export function visitHistories(rows: readonly Row[], key: string): string[] {
  return [...classesOf(rows, [key]).values()].map((visits) => {
    const days = visits.map((visit) => Date.parse(visit["visit_date"] ?? "") / DAY_MS).sort((a, b) => a - b);
    return days.map((day) => day - (days[0] ?? 0)).join(" ");
  });
}

const DISTRICTS = ["330102", "330105", "330106", "330108", "330109", "330110", "330111"];

/** Visits with their group of the ageing report, and whether they come 1 to 30 days after another one of their person. */
export function reportGroups(visits: readonly Row[]): Row[] {
  return [...classesOf(visits, ["resident_id"]).values()].flatMap((own) => {
    const days = own.map((visit) => Date.parse(visit["visit_date"] ?? "") / DAY_MS);
    return own.map(({ age, region = "" }, i) => {
      const band = Math.max(1, Math.min(5, Math.floor(Number(age) / 15))) - 1;
      const district = DISTRICTS.includes(region) ? DISTRICTS.indexOf(region) : region.startsWith("3302") ? 7 : 8;
      const after = days.map((day) => (days[i] ?? 0) - day);
      return { group: `${band},${district}`, again: after.some((day) => day >= 1 && day <= 30) ? "1" : "0" };
    });
  });
}

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

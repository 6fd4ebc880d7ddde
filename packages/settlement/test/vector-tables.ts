/** Vectors worked by hand, as tables that an accountant reads: `vectors/NAME.md` has a section for each rule row (`## G15 …`) with one table.
 *  @module */
import { readFileSync } from "node:fs";

/** One row of a table, by the names of its columns. */
export type VectorRow = Readonly<Record<string, string>>;

/** Rows of the table under the heading that begins with `row`.
 *  @throws Error when the file has no such section, or its table has no rows. */
export function vectorTable(file: string, row: string): VectorRow[] {
  const text = readFileSync(new URL(`vectors/${file}.md`, import.meta.url), "utf8");
  const section = text.split(/^## /m).find((part) => new RegExp(`^${row}\\b`).test(part));
  const lines = (section ?? "").split("\n").filter((line) => line.startsWith("|"));
  const [head, , ...body] = lines.map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
  if (head === undefined || body.length === 0) throw new Error(`${file}.md has no table of ${row}`);
  return body.map((cells) => Object.fromEntries(head.map((name, i) => [name, cells[i] ?? ""])));
}

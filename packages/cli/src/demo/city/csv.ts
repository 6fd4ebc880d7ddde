/** CSV as RFC 4180 has it: CRLF after every line, quotes around what needs them.
 *  @module */
import type { CityTable } from "./table.ts";

/** Lines per piece of text. */
const LINES_PER_CHUNK = 1_000;

/** The text of `table`, header first, in pieces of whole lines. */
export function* csvText(table: CityTable): Generator<string> {
  let lines = [csvLine(table.header)];
  for (const row of table.rows()) {
    lines.push(csvLine(row));
    if (lines.length < LINES_PER_CHUNK) continue;
    yield lines.join("");
    lines = [];
  }
  yield lines.join("");
}

/** One line with its line end. */
export function csvLine(values: readonly string[]): string {
  return `${values.map(quote).join(",")}\r\n`;
}

function quote(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

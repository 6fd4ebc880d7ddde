/** The rows of a sample as CSV (RFC 4180), for a person who opens them in an office program: with a byte order mark, and with
 *  no text that such a program takes for a formula.
 *  @module */
import { isValid, type Column, type ColumnBatch } from "@sluice/protocol";
import { officeCell } from "../office-csv.ts";

/** Rows of one piece of text. */
const PIECE_ROWS = 2_048;

/** The header line and the rows, in pieces. */
export function* rowsCsv({ rowCount, columns }: ColumnBatch): Iterable<string> {
  const entries = Object.entries(columns);
  yield `\uFEFF${entries.map(([name]) => officeCell(name)).join(",")}\r\n`;
  for (let start = 0; start < rowCount; start += PIECE_ROWS) {
    let piece = "";
    for (let row = start; row < Math.min(rowCount, start + PIECE_ROWS); row++) {
      piece += `${entries.map(([, column]) => cell(column, row)).join(",")}\r\n`;
    }
    yield piece;
  }
}

/** A missing value is nothing. */
function cell(column: Column, row: number): string {
  if (!isValid(column, row)) return "";
  const value = column.values[row] ?? 0;
  switch (column.type) {
    case "dict":
      return officeCell(column.dictionary[value] ?? "");
    case "bool":
      return value === 1 ? "true" : "false";
    case "f64":
    case "i32":
      return String(value);
  }
}

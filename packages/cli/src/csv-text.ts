/** CSV as RFC 4180 has it: rows of cells, each with the line on which it begins.
 *  @module */
import { usage } from "./command.ts";

/** One row of a file. */
export interface CsvRow {
  readonly cells: readonly string[];
  /** From 1. */
  readonly line: number;
}

/** A file with a header. */
export interface CsvFile {
  readonly header: readonly string[];
  readonly rows: readonly CsvRow[];
}

/** Takes a file apart; empty lines are left out. @throws ERR_USAGE when it has no row, a row is not as long as the header, or a quote does not end */
export function readCsv(text: string): CsvFile {
  const [header, ...rows] = csvRows(text.replace(/^\uFEFF/, ""));
  if (header === undefined || rows.length === 0) throw usage("the file needs a header and at least one row");
  const columns = header.cells.length;
  if (new Set(header.cells).size < columns) throw usage("the header names a column twice");
  for (const { cells, line } of rows) {
    if (cells.length !== columns) throw usage(`line ${line} has ${cells.length} cells; the header has ${columns}`);
  }
  return { header: header.cells, rows };
}

/** Text of a row, without its end. */
export function csvLine(cells: readonly string[]): string {
  return cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(",");
}

function csvRows(text: string): CsvRow[] {
  const rows: CsvRow[] = [];
  let cells: string[] = [];
  let [line, begun] = [1, 1];
  for (const match of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)|[^]/g)) {
    const [whole, inQuotes, plain, end] = match;
    if (end === undefined) throw usage(`the file has a quote out of place in line ${line}`);
    if (whole === "" && cells.length === 0) break;
    if (cells.length === 0) begun = line;
    for (const character of whole) if (character === "\n") line++;
    cells.push(inQuotes === undefined ? (plain ?? "") : inQuotes.replaceAll('""', '"'));
    if (end === ",") continue;
    if (cells.length > 1 || cells[0] !== "") rows.push({ cells, line: begun });
    cells = [];
  }
  return rows;
}

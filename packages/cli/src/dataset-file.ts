/** A data set as a file: CSV (RFC 4180) for a person who opens it in an office program, with a byte order mark and with no
 *  text that such a program takes for a formula; or Arrow IPC for a program, with values as they are. It is there whole or
 *  not at all.
 *  @module */
import { link, open, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { SluiceError } from "@sluice/protocol";
import type { Bytes, Column, ColumnType, DatasetPage, DatasetSnapshot, DatasetValue } from "@sluice/protocol";
import { toArrow } from "@sluice/sandbox/arrow";
import { usage } from "./command.ts";
import { errnoOf } from "./files.ts";

/** How the file is written. */
export const DATASET_FORMATS = ["csv", "arrow"] as const;

/** Writes the new file `path`, readable by its owner alone, from pages in their order.
 *  @throws ERR_USAGE when it exists, ERR_DIRECTORY_UNWRITABLE, and what `pages` throws */
export async function writeDatasetFile(
  path: string,
  { fields }: Pick<DatasetSnapshot, "fields">,
  pages: AsyncIterable<DatasetPage>,
  format: (typeof DATASET_FORMATS)[number] = "csv",
): Promise<void> {
  const unfinished = join(dirname(path), `.${basename(path)}.${process.pid}.part`);
  const onDisk = <T>(work: Promise<T>): Promise<T> => work.catch((cause: unknown) => refuse(path, cause));
  const file = await onDisk(open(unfinished, "wx", 0o600));
  try {
    try {
      const chunks = format === "csv" ? csvOf(fields, pages) : arrowOf(fields, pages);
      for await (const chunk of chunks) await onDisk(file.writeFile(chunk));
      await onDisk(file.sync());
    } finally {
      await file.close();
    }
    // A link refuses what exists, in one step; a rename would take its place.
    await onDisk(link(unfinished, path));
  } finally {
    await rm(unfinished, { force: true });
  }
}

type Fields = DatasetSnapshot["fields"];

async function* csvOf(fields: Fields, pages: AsyncIterable<DatasetPage>): AsyncGenerator<string> {
  yield `\uFEFF${fields.map(({ name }) => quoted(name)).join(",")}\r\n`;
  for await (const page of pages) yield pageCsv(page);
}

async function* arrowOf(fields: Fields, pages: AsyncIterable<DatasetPage>): AsyncGenerator<Bytes> {
  const values: DatasetValue[][] = fields.map(() => []);
  for await (const { columns } of pages) {
    for (const [i, column] of columns.entries()) for (const value of column) values[i]?.push(value);
  }
  const columns = fields.map(({ name, type }, i) => [name, columnOf(type, values[i] ?? [])] as const);
  yield toArrow({ rowCount: values[0]?.length ?? 0, ...Object.fromEntries(columns) });
}

function columnOf(type: ColumnType, values: readonly DatasetValue[]): Column {
  const missing = values.some((value) => value === null);
  const validity = new Uint8Array(Math.ceil(values.length / 8));
  for (const [row, value] of values.entries()) {
    if (value !== null) validity[row >> 3] = (validity[row >> 3] ?? 0) | (1 << (row & 7));
  }
  const present = missing ? { validity } : {};
  const numbers = type === "dict" ? [] : values.map(Number);
  switch (type) {
    case "f64":
      return { type, values: Float64Array.from(numbers), ...present };
    case "i32":
      return { type, values: Int32Array.from(numbers), ...present };
    case "bool":
      return { type, values: Uint8Array.from(numbers), ...present };
    case "dict": {
      const dictionary = [...new Set(values.filter((value) => typeof value === "string"))];
      const codes = new Map(dictionary.map((text, code) => [text, code]));
      const coded = Uint32Array.from(values, (value) => codes.get(String(value)) ?? 0);
      return { type, values: coded, dictionary, ...present };
    }
  }
}

/** The rows of a page. An empty text is quoted, a missing value is nothing. */
export function pageCsv({ columns }: Pick<DatasetPage, "columns">): string {
  const rows = columns[0]?.length ?? 0;
  let text = "";
  for (let row = 0; row < rows; row++) text += `${columns.map((column) => cell(column[row] ?? null)).join(",")}\r\n`;
  return text;
}

function cell(value: DatasetValue): string {
  if (value === null) return "";
  if (typeof value !== "string") return String(value);
  return quoted(/^[=+\-@\t\r]/u.test(value) ? `'${value}` : value);
}

function quoted(text: string): string {
  return text === "" || /[",\r\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function refuse(path: string, cause: unknown): never {
  if (errnoOf(cause) === "EEXIST") throw usage(`${path} exists; it replaces no file`, cause);
  throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory: path }, { cause });
}

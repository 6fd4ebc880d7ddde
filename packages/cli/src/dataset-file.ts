/** A data set as a CSV file (RFC 4180), for a person who opens it in an office program: with a byte order mark, and with no
 *  text that such a program takes for a formula. It is there whole or not at all.
 *  @module */
import { link, open, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { SluiceError, type DatasetPage, type DatasetSnapshot, type DatasetValue } from "@sluice/protocol";
import { usage } from "./command.ts";
import { errnoOf } from "./files.ts";

/** Writes the new file `path`, readable by its owner alone, from pages in their order.
 *  @throws ERR_USAGE when it exists, ERR_DIRECTORY_UNWRITABLE, and what `pages` throws */
export async function writeDatasetFile(
  path: string,
  { fields }: Pick<DatasetSnapshot, "fields">,
  pages: AsyncIterable<DatasetPage>,
): Promise<void> {
  const unfinished = join(dirname(path), `.${basename(path)}.${process.pid}.part`);
  const onDisk = <T>(work: Promise<T>): Promise<T> => work.catch((cause: unknown) => refuse(path, cause));
  const file = await onDisk(open(unfinished, "wx", 0o600));
  try {
    try {
      await onDisk(file.write(`\uFEFF${fields.map(({ name }) => quoted(name)).join(",")}\r\n`));
      for await (const page of pages) await onDisk(file.write(pageCsv(page)));
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

/** The file with a copy of a person's own rows, for handing over: a table for reading (CSV with a byte order mark, so that
 *  office programs show Chinese) or a document for programs (JSON). It holds raw values: only its owner may read it, and it
 *  takes nobody's place.
 *  @module */
import { open, rm } from "node:fs/promises";
import { SluiceError, type Instant, type Name } from "@sluice/protocol";
import type { SubjectRows } from "../data/subject-rows.ts";
import { officeCell } from "../office-csv.ts";

/** Forms of the file, by the end of its name. */
export type CopyFormat = "csv" | "json";

/** The form that the name of `path` asks for. @throws ERR_USAGE */
export function copyFormatOf(path: string): CopyFormat {
  const end = /\.(csv|json)$/iu.exec(path)?.[1]?.toLowerCase();
  if (end === "csv" || end === "json") return end;
  throw new SluiceError("ERR_USAGE", { reason: "the name of a copy ends in .csv or .json" });
}

/** Creates `path`, waits for `note`, then writes `text`. On any error there is no file. Returns what `note` does.
 *  @throws ERR_USAGE when it exists, ERR_DIRECTORY_UNWRITABLE, and what `note` throws */
export async function writeCopy<T>(path: string, text: string, note: () => Promise<T>): Promise<T> {
  const unwritable = (cause: unknown): SluiceError =>
    new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory: path }, { cause });
  const file = await open(path, "wx", 0o600).catch((cause: unknown) => {
    if (!(cause instanceof Error && "code" in cause && cause.code === "EEXIST")) throw unwritable(cause);
    throw new SluiceError("ERR_USAGE", { reason: `${path} exists; a copy replaces no file` }, { cause });
  });
  try {
    try {
      const noted = await note();
      await file.writeFile(text).catch((cause: unknown) => {
        throw unwritable(cause);
      });
      await file.sync();
      return noted;
    } finally {
      await file.close();
    }
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

/** The content of a copy. */
export function copyText(
  format: CopyFormat,
  { description, rows }: SubjectRows,
  facts: { readonly domain: Name; readonly at: Instant },
): string {
  const { fields, resource, title, source, importedAt } = description;
  if (format === "csv") {
    const header = fields.map((field) => (field.title === field.name ? field.name : `${field.title} (${field.name})`));
    return `\uFEFF${[header, ...rows].map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
  }
  const document = {
    type: "subject-copy",
    ...facts,
    resource,
    title,
    source,
    importedAt,
    fields: fields.map((field) => ({ name: field.name, title: field.title, type: field.type })),
    rows: rows.map((row) => Object.fromEntries(fields.map(({ name }, i) => [name, row[i] ?? null]))),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** A missing value is nothing. */
function cell(value: string | null): string {
  return value === null ? "" : officeCell(value);
}

/** Import of a file as a resource: stage, check every value, write one typed Parquet file. All of it is in memory files: what
 *  a refused, failed or killed import had is gone with them.
 *  @module */
import { createHash } from "node:crypto";
import { access, constants, stat } from "node:fs/promises";
import { basename, extname } from "node:path";
import { isSluiceError, SluiceError } from "@sluice/protocol";
import type { Bytes, ResourceField } from "@sluice/protocol";
import { contentOf, type MemoryFile, type MemoryFiles } from "../rest/memory-files.ts";
import { classifySource, type StagedSource } from "./classify.ts";
import { EngineFault, openEngine, quoteIdentifier, quoteText, type Engine, type Session } from "./engine.ts";
import { readCsv, stageCsv } from "./source-csv.ts";
import { readParquet, stageParquet, startsAsParquet } from "./source-parquet.ts";
import { castExpression, fits, type SourceColumn } from "./stored-type.ts";

/** How far an import is. */
export type ImportProgress = { step: "checking"; percent: number } | { step: "reading" | "typing" | "writing" };

/** A finished table. */
export interface StagedTable {
  readonly format: "csv" | "parquet";
  readonly fields: ResourceField[];
  readonly rows: number;
  /** SHA-256 of the Parquet file after the salt. */
  readonly snapshot: string;
}

/** What to stage, and where. */
export interface StageOptions {
  readonly file: string;
  readonly fields?: readonly ResourceField[] | undefined;
  readonly memory: MemoryFiles;
  /** Takes the Parquet file. */
  readonly table: MemoryFile;
  readonly salt: Bytes;
  readonly memoryLimitBytes?: number | undefined;
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined;
}

/** Name under which the staging engine knows the file's rows. */
const SOURCE_TABLE = "source";

/** Reads `file` into a typed Parquet file.
 *  @throws ERR_TABLE_FILE, ERR_TABLE_ENCODING, ERR_TABLE_FIELD_TOO_LARGE, ERR_TABLE_COLUMN_MISSING,
 *    ERR_MEMORY_FILES, ERR_STORE, ERR_CANCELLED */
export async function stageTable(options: StageOptions): Promise<StagedTable> {
  const name = basename(options.file);
  return await stageFile(options, [options.table.path], async (session, source) => {
    options.onProgress?.({ step: "typing" });
    const fields = options.fields ?? (await classifySource(session, source)).fields;
    const chosen = chooseColumns(source.columns, fields, name);
    await checkValues(session, chosen, name);
    options.onProgress?.({ step: "writing" });
    return await writeTable(session, chosen, options, source.format);
  });
}

/** Gives `work` the rows of `file` as a table of an engine that sees them, the files at `paths`, and nothing else.
 *  @throws ERR_TABLE_FILE, ERR_TABLE_ENCODING, ERR_TABLE_FIELD_TOO_LARGE, ERR_MEMORY_FILES, ERR_STORE, ERR_CANCELLED */
export async function stageFile<T>(
  options: Omit<StageOptions, "fields" | "table" | "salt">,
  paths: readonly string[],
  work: (session: Session, source: StagedSource) => Promise<T>,
): Promise<T> {
  const name = basename(options.file);
  const sizeBytes = await checkReadable(options.file, name);
  const format = await formatOf(options.file, name);
  await using source = await options.memory.create();
  await using raw = await options.memory.create();
  let engine: Engine | undefined;
  try {
    const from = { ...options, path: options.file, name, source };
    const csv = format === "csv" ? await stageCsv({ ...from, onBytes: checking(options, sizeBytes) }) : null;
    if (csv === null) await stageParquet(from);
    engine = await openEngine({ ...options, paths: [source.path, raw.path, ...paths] });
    return await engine.session(async (session) => {
      options.onProgress?.({ step: "reading" });
      const columns =
        csv === null
          ? await readParquet(session, source.path, SOURCE_TABLE, name)
          : await readCsv(session, csv, SOURCE_TABLE, name, raw);
      return await work(session, { table: SOURCE_TABLE, path: csv === null ? source.path : raw.path, columns, format });
    }, options);
  } catch (error) {
    throw importError(error, { file: name, format });
  } finally {
    engine?.close();
  }
}

async function checkReadable(path: string, file: string): Promise<number> {
  const found = await stat(path).catch(() => null);
  if (found === null) throw new SluiceError("ERR_TABLE_FILE", { file, reason: "there is no such file" });
  if (!found.isFile()) throw new SluiceError("ERR_TABLE_FILE", { file, reason: "it is not a file" });
  if (found.size === 0) throw new SluiceError("ERR_TABLE_FILE", { file, reason: "it is empty" });
  await access(path, constants.R_OK).catch(() => {
    throw new SluiceError("ERR_TABLE_FILE", { file, reason: "this user may not read it" });
  });
  return found.size;
}

async function formatOf(path: string, file: string): Promise<"csv" | "parquet"> {
  if (await startsAsParquet(path)) return "parquet";
  if (extname(path).toLowerCase() === ".parquet") {
    throw new SluiceError("ERR_TABLE_FILE", { file, reason: "it is not a Parquet file, though its name says so" });
  }
  return "csv";
}

function checking(options: Pick<StageOptions, "onProgress">, sizeBytes: number): (bytes: number) => void {
  let seen = 0;
  return (bytes) => {
    seen += bytes;
    options.onProgress?.({ step: "checking", percent: Math.min(100, Math.floor((100 * seen) / sizeBytes)) });
  };
}

interface ChosenColumn {
  readonly field: ResourceField;
  readonly column: SourceColumn;
}

/** The file's column of each field. Columns that no field declares are left out. */
function chooseColumns(
  columns: readonly SourceColumn[],
  fields: readonly ResourceField[],
  file: string,
): ChosenColumn[] {
  const byName = new Map(columns.map((column) => [column.name.toLowerCase(), column]));
  return fields.map((field) => {
    const column = byName.get(field.name.toLowerCase());
    if (column === undefined) throw new SluiceError("ERR_TABLE_COLUMN_MISSING", { file, column: field.name });
    return { field, column };
  });
}

async function checkValues(session: Session, chosen: readonly ChosenColumn[], file: string): Promise<void> {
  const tests = chosen.map(
    ({ field, column }) =>
      `count(*) FILTER (${column.expression} IS NOT NULL AND NOT coalesce(${fits(column, field.type)}, false))`,
  );
  const [row = []] = await session.rows(`SELECT ${tests.join(", ")} FROM ${quoteIdentifier(SOURCE_TABLE)}`);
  for (const [i, { field }] of chosen.entries()) {
    if (Number(row[i]) > 0) {
      throw new SluiceError("ERR_TABLE_FILE", {
        file,
        reason: `column ${field.name} has ${Number(row[i])} values that are not of type ${field.type}`,
      });
    }
  }
}

async function writeTable(
  session: Session,
  chosen: readonly ChosenColumn[],
  options: StageOptions,
  format: "csv" | "parquet",
): Promise<StagedTable> {
  const { path } = options.table;
  const list = chosen.map(
    ({ field, column }) => `${castExpression(column, field.type)} AS ${quoteIdentifier(field.name)}`,
  );
  await session.run(
    `COPY (SELECT ${list.join(", ")} FROM ${quoteIdentifier(SOURCE_TABLE)}) TO ${quoteText(path)} (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)`,
  );
  const before = chosen.map(({ column }) => `count(${column.expression})`);
  const after = chosen.map(({ field }) => `count(${quoteIdentifier(field.name)})`);
  const [read = []] = await session.rows(`SELECT count(*), ${before.join(", ")} FROM ${quoteIdentifier(SOURCE_TABLE)}`);
  const [written = []] = await session.rows(
    `SELECT count(*), ${after.join(", ")} FROM read_parquet(${quoteText(path)})`,
  );
  if (read.some((count, i) => count !== written[i])) {
    throw new SluiceError("ERR_STORE", { reason: "the written table has other rows than the file" });
  }
  const fields = chosen.map(({ field }) => field);
  return { format, fields, rows: Number(written[0]), snapshot: await saltedHash(options.table, options.salt) };
}

async function saltedHash(table: MemoryFile, salt: Bytes): Promise<string> {
  const hash = createHash("sha256").update(salt);
  for await (const bytes of contentOf(table)) hash.update(bytes);
  return hash.digest("hex");
}

/** What a caller is told of `error`: never the text of the engine or of the file system. */
function importError(error: unknown, facts: { file: string; format: "csv" | "parquet" }): SluiceError {
  if (isSluiceError(error)) return error;
  if (error instanceof EngineFault) {
    switch (error.kind) {
      case "cancelled":
        return new SluiceError("ERR_CANCELLED");
      case "memory":
        return new SluiceError("ERR_STORE", { reason: "the import needs more memory than the store may use" });
      case "disk":
        return new SluiceError("ERR_STORE", { reason: "there is no room for the table in memory files" });
      case "input":
        return new SluiceError("ERR_TABLE_FILE", {
          file: facts.file,
          reason: `its ${facts.format} content is damaged`,
        });
    }
  }
  return new SluiceError("ERR_STORE", { reason: "the import ended unexpectedly" });
}

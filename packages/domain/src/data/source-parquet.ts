/** A Parquet file as a table of the staging engine.
 *  @module */
import { createReadStream } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { MAX_IMPORT_FIELD_BYTES, MAX_RESOURCE_COLUMNS, SluiceError } from "@sluice/protocol";
import type { MemoryFile, MemoryFiles } from "../rest/memory-files.ts";
import { quoteIdentifier, quoteText, type Session } from "./engine.ts";
import { fieldNames } from "./header.ts";
import type { SourceColumn, StoredType } from "./stored-type.ts";

const MAGIC = "PAR1";
/** Magic at both ends and the length of the footer. */
const SMALLEST_FILE_BYTES = 12;
/** Bytes copied at a time. */
const CHUNK_BYTES = 1_048_576;

/** Whether the file at `path` starts as a Parquet file does. */
export async function startsAsParquet(path: string): Promise<boolean> {
  const file = await open(path, "r");
  try {
    return (await bytesAt(file, 0)) === MAGIC;
  } finally {
    await file.close();
  }
}

/** Copies the file to `source`. @throws ERR_TABLE_FILE when it does not end as a Parquet file does. */
export async function stageParquet(options: {
  readonly path: string;
  readonly name: string;
  readonly memory: MemoryFiles;
  readonly source: MemoryFile;
  readonly signal?: AbortSignal | undefined;
}): Promise<void> {
  const { path, name, memory, source, signal } = options;
  for await (const piece of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    if (signal?.aborted === true) throw new SluiceError("ERR_CANCELLED");
    await memory.append(source, piece as Uint8Array);
  }
  const { size } = await source.handle.stat();
  if (size < SMALLEST_FILE_BYTES || (await bytesAt(source.handle, size - MAGIC.length)) !== MAGIC) {
    throw new SluiceError("ERR_TABLE_FILE", { file: name, reason: "it starts as a Parquet file and is cut off" });
  }
}

/** Makes the view `table` of the staged file. @throws ERR_TABLE_FILE, ERR_TABLE_FIELD_TOO_LARGE, EngineFault */
export async function readParquet(
  session: Session,
  path: string,
  table: string,
  file: string,
): Promise<SourceColumn[]> {
  const refuse = (reason: string): SluiceError => new SluiceError("ERR_TABLE_FILE", { file, reason });
  const leaves = await session.rows(
    `SELECT name FROM parquet_schema(${quoteText(path)}) WHERE num_children IS NULL OR num_children = 0`,
  );
  await session.run(`CREATE TEMP VIEW ${quoteIdentifier(table)} AS SELECT * FROM read_parquet(${quoteText(path)})`);
  const described = await session.rows(`DESCRIBE ${quoteIdentifier(table)}`);
  if (described.length > MAX_RESOURCE_COLUMNS) throw refuse(`it has more than ${MAX_RESOURCE_COLUMNS} columns`);
  // The file's own names: the engine renames columns that have the same one.
  const names = fieldNames(
    described.length === leaves.length ? leaves.map(([name]) => String(name)) : described.map(([name]) => String(name)),
    file,
  );
  const columns = described.map(([engineName, engineType], i): SourceColumn => {
    const native = nativeType(String(engineType));
    const name = names[i] ?? "";
    if (native === null) throw refuse(`column ${name} has a type that is not read here`);
    return {
      name,
      expression: `CAST(${quoteIdentifier(String(engineName))} AS ${native.engine})`,
      native: native.stored,
    };
  });
  const texts = columns.filter(({ native }) => native === "text").map(({ expression }) => `max(strlen(${expression}))`);
  const [row = []] = await session.rows(
    `SELECT count(*)${texts.map((text) => `, ${text}`).join("")} FROM ${quoteIdentifier(table)}`,
  );
  if (Number(row[0]) === 0) throw refuse("it has no rows");
  if (row.slice(1).some((bytes) => Number(bytes) > MAX_IMPORT_FIELD_BYTES)) {
    throw new SluiceError("ERR_TABLE_FIELD_TOO_LARGE", { file, maxBytes: MAX_IMPORT_FIELD_BYTES });
  }
  return columns;
}

/** How a Parquet column is taken; `null` for nested and binary ones. Integers that may be beyond 64 bits, and times,
 *  are taken as text. */
function nativeType(engineType: string): { stored: StoredType; engine: string } | null {
  const type = engineType.replace(/\(.*$/u, "");
  if (engineType.endsWith("]")) return null;
  switch (type) {
    case "TINYINT":
    case "SMALLINT":
    case "INTEGER":
    case "BIGINT":
    case "UTINYINT":
    case "USMALLINT":
    case "UINTEGER":
      return { stored: "integer", engine: "BIGINT" };
    case "FLOAT":
    case "DOUBLE":
    case "DECIMAL":
      return { stored: "decimal", engine: "DOUBLE" };
    case "BOOLEAN":
      return { stored: "boolean", engine: "BOOLEAN" };
    case "DATE":
      return { stored: "date", engine: "DATE" };
    case "VARCHAR":
    case "ENUM":
    case "UUID":
    case "UBIGINT":
    case "HUGEINT":
    case "UHUGEINT":
    case "TIME":
    case "TIMESTAMP":
    case "TIMESTAMP_S":
    case "TIMESTAMP_MS":
    case "TIMESTAMP_NS":
      return { stored: "text", engine: "VARCHAR" };
    default:
      return null;
  }
}

async function bytesAt(file: FileHandle, position: number): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MAGIC.length), 0, MAGIC.length, position);
  return buffer.subarray(0, bytesRead).toString("latin1");
}

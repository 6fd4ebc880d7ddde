/** A CSV file as a table of the staging engine: every column text, empty fields NULL (RFC 4180 knows no other
 *  missing value, and no difference between `` and `""`).
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { scanCsv, type CsvShape } from "./csv-scan.ts";
import type { MemoryFile, MemoryFiles } from "../rest/memory-files.ts";
import { quoteIdentifier, quoteText, type Session } from "./engine.ts";
import { fieldNames } from "./header.ts";
import type { SourceColumn } from "./stored-type.ts";

/** A checked file, ready to be read by the staging engine. */
export interface StagedCsv {
  readonly names: readonly string[];
  readonly shape: CsvShape;
  /** Copy of the file. */
  readonly source: MemoryFile;
}

/** Checks the file and copies it to `source`.
 *  @throws ERR_TABLE_FILE, ERR_TABLE_ENCODING, ERR_TABLE_FIELD_TOO_LARGE, ERR_CANCELLED */
export async function stageCsv(options: {
  readonly path: string;
  readonly name: string;
  readonly memory: MemoryFiles;
  readonly source: MemoryFile;
  readonly signal?: AbortSignal | undefined;
  readonly onBytes?: ((bytes: number) => void) | undefined;
}): Promise<StagedCsv> {
  const { memory, source } = options;
  const shape = await scanCsv({ ...options, copy: (bytes) => memory.append(source, bytes) });
  return { names: fieldNames(shape.header, options.name), shape, source };
}

/** Makes the table `table` of the staged file, by way of `raw`, frees the file, and compares it with what the scan counted: rows, filled fields and
 *  bytes of each column. @throws ERR_TABLE_FILE when engine and scan do not agree; EngineFault */
export async function readCsv(
  session: Session,
  staged: StagedCsv,
  table: string,
  file: string,
  raw: MemoryFile,
): Promise<SourceColumn[]> {
  const { names, shape, source } = staged;
  const types = names.map((name) => `${quoteText(name)}: 'VARCHAR'`).join(", ");
  const maxLine = Math.max(shape.longestRecordBytes + 64, 65_536);
  // A quoted line end may make a second thread start in the middle of a field.
  const read = `read_csv(${quoteText(source.path)}, auto_detect = false, header = true, columns = {${types}},
    delim = ',', quote = '"', escape = '"', nullstr = '', strict_mode = true, null_padding = false, ignore_errors = false,
    max_line_size = ${maxLine}, buffer_size = ${4 * maxLine}, parallel = ${String(!shape.multiline)})`;
  await session.run(
    `COPY (SELECT * FROM ${read}) TO ${quoteText(raw.path)} (FORMAT parquet, COMPRESSION snappy, USE_TMP_FILE false)`,
  );
  await source.handle.truncate();
  await session.run(`CREATE TEMP VIEW ${quoteIdentifier(table)} AS SELECT * FROM read_parquet(${quoteText(raw.path)})`);
  const counts = names.flatMap((name) => {
    const column = quoteIdentifier(name);
    return [`count(${column})`, `coalesce(sum(strlen(${column})), 0)`];
  });
  const [row = []] = await session.rows(`SELECT count(*), ${counts.join(", ")} FROM ${quoteIdentifier(table)}`);
  const expected = [shape.rows, ...shape.columns.flatMap(({ filled, bytes }) => [filled, bytes])];
  if (expected.some((count, i) => Number(row[i]) !== count)) {
    throw new SluiceError("ERR_TABLE_FILE", { file, reason: "its records were not read as they were checked" });
  }
  return names.map((name) => ({ name, expression: quoteIdentifier(name), native: "text" }));
}

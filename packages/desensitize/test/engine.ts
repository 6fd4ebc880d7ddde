/** DuckDB in memory, for tests: rows in, rows out.
 *  @module */
import { blobValue, DuckDBInstance, type DuckDBConnection, type DuckDBValue } from "@duckdb/node-api";
import type { Bytes } from "@sluice/protocol";

/** A value of a result, 64-bit integers as bigints. */
export type Cell = string | number | bigint | boolean | null;

/** Runs `work` on a fresh engine that cannot load extensions. */
export async function withEngine<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const instance = await DuckDBInstance.create(":memory:", { autoload_known_extensions: "false", threads: "1" });
  const connection = await instance.connect();
  try {
    return await work(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Rows of `sql` with BLOB parameters. */
export async function query(
  connection: DuckDBConnection,
  sql: string,
  parameters: Record<string, Bytes> = {},
): Promise<Cell[][]> {
  const values: Record<string, DuckDBValue> = {};
  for (const [name, bytes] of Object.entries(parameters)) values[name] = blobValue(bytes);
  const reader = await connection.runAndReadAll(sql, values);
  return reader.getRows() as Cell[][];
}

/** Creates `table` with one column and appends `values`. */
export async function loadColumn(
  connection: DuckDBConnection,
  table: string,
  type: "VARCHAR" | "BIGINT" | "DOUBLE" | "BOOLEAN" | "DATE",
  values: readonly Cell[],
): Promise<void> {
  await connection.run(`CREATE TABLE "${table}" (value ${type === "DATE" ? "VARCHAR" : type})`);
  const appender = await connection.createAppender(table);
  for (const value of values) {
    if (value === null) appender.appendNull();
    else if (typeof value === "string") appender.appendVarchar(value);
    else if (typeof value === "bigint") appender.appendBigInt(value);
    else if (typeof value === "number") appender.appendDouble(value);
    else appender.appendBoolean(value);
    appender.endRow();
  }
  appender.closeSync();
  if (type === "DATE") await connection.run(`ALTER TABLE "${table}" ALTER value TYPE DATE`);
}

/** DuckDB in memory, for tests: rows in, rows out.
 *  @module */
import {
  BLOB,
  blobValue,
  DuckDBBlobVector,
  DuckDBInstance,
  DuckDBScalarFunction,
  DuckDBVarCharVector,
  VARCHAR,
  type DuckDBConnection,
  type DuckDBValue,
} from "@duckdb/node-api";
import type { Bytes } from "@sluice/protocol";
import { VECTOR_FUNCTIONS } from "../src/index.ts";

/** A value of a result, 64-bit integers as bigints. */
export type Cell = string | number | bigint | boolean | null;

/** Runs `work` on a fresh engine that cannot load extensions. */
export async function withEngine<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const instance = await DuckDBInstance.create(":memory:", { autoload_known_extensions: "false", threads: "1" });
  const connection = await instance.connect();
  registerFunctions(connection);
  try {
    return await work(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const TYPES = { text: VARCHAR, bytes: BLOB } as const;

/** Registers the functions of texts and bytes that views call. */
function registerFunctions(connection: DuckDBConnection): void {
  for (const { name, parameters, apply } of VECTOR_FUNCTIONS) {
    connection.registerScalarFunction(
      DuckDBScalarFunction.create({
        name,
        parameterTypes: parameters.map((type) => (type === "bytes" ? TYPES.bytes : TYPES.text)),
        returnType: VARCHAR,
        specialHandling: true,
        mainFunction: (_, chunk, output) => {
          const rows = { length: chunk.rowCount };
          const columns = parameters.map((_, i) => {
            const vector = chunk.getColumnVector(i);
            if (vector instanceof DuckDBBlobVector) {
              return {
                type: "bytes",
                values: Array.from(rows, (_, row) => vector.getItem(row)?.bytes ?? null),
              } as const;
            }
            if (!(vector instanceof DuckDBVarCharVector)) throw new TypeError("expected text");
            return { type: "text", values: Array.from(rows, (_, row) => vector.getItem(row)) } as const;
          });
          const result = apply(columns, chunk.rowCount);
          if (result.type !== "text") throw new TypeError("expected text");
          for (const [row, text] of result.values.entries()) output.setItem(row, text);
          output.flush();
        },
      }),
    );
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

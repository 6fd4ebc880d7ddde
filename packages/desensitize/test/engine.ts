/** DuckDB in memory, for tests: rows in, rows out.
 *  @module */
import {
  BIGINT,
  BLOB,
  blobValue,
  DOUBLE,
  DuckDBBlobValue,
  DuckDBInstance,
  DuckDBScalarFunction,
  VARCHAR,
  type DuckDBConnection,
  type DuckDBValue,
} from "@duckdb/node-api";
import type { Bytes } from "@sluice/protocol";
import { QUALITY_FUNCTIONS, VECTOR_FUNCTIONS, type VectorColumn, type VectorType } from "../src/index.ts";

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

const TYPES = { text: VARCHAR, bytes: BLOB, double: DOUBLE, bigint: BIGINT } as const;

/** Registers the functions that views call. */
function registerFunctions(connection: DuckDBConnection): void {
  for (const { name, parameters, returns, apply } of [...VECTOR_FUNCTIONS, ...QUALITY_FUNCTIONS]) {
    connection.registerScalarFunction(
      DuckDBScalarFunction.create({
        name,
        parameterTypes: parameters.map((type) => TYPES[type]),
        returnType: TYPES[returns],
        specialHandling: true,
        mainFunction: (_, chunk, output) => {
          const columns = parameters.map((_, i) => readColumn(chunk.getColumnVector(i).toArray(), parameters[i]));
          const result = apply(columns, chunk.rowCount);
          for (let row = 0; row < chunk.rowCount; row++) {
            const missing = "valid" in result && result.valid[row] !== 1;
            const value = missing ? null : (result.values[row] ?? null);
            output.setItem(row, value instanceof Uint8Array ? blobValue(value) : value);
          }
          output.flush();
        },
      }),
    );
  }
}

function readColumn(items: readonly unknown[], type: VectorType | undefined): VectorColumn {
  const valid = Uint8Array.from(items, (item) => Number(item !== null));
  if (type === "bytes")
    return { type, values: items.map((item) => (item instanceof DuckDBBlobValue ? item.bytes : null)) };
  if (type === "text") return { type, values: items as (string | null)[] };
  if (type === "double") return { type, values: Float64Array.from(items, Number), valid };
  throw new TypeError("a function takes texts, bytes and doubles");
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

/** The sign of zero is not compared: no job can see it in a bucket, and kept zeros are equal. */
export function unsigned(row: readonly unknown[]): unknown[] {
  return row.map((cell) => (cell === 0 ? 0 : cell));
}

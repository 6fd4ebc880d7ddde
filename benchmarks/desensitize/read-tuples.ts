/** The distinct tuples of some columns of a Parquet file with their rows: each column by codes, a tuple by one number, so that
 *  the engine groups whole numbers and one number for each tuple crosses over.
 *  @module */
import type { DuckDBConnection } from "@duckdb/node-api";
import { DuckDBBigIntVector, DuckDBDoubleVector } from "@duckdb/node-api";
import type { Column, ColumnBatch } from "@sluice/protocol";

/** Reads `columns` of `source`, which have no nulls; the product of their numbers of values is below 2^53. */
export async function readTuples(
  connection: DuckDBConnection,
  source: string,
  columns: readonly string[],
  typeOf: (name: string) => Column["type"],
): Promise<{ tuples: ColumnBatch; weights: Float64Array }> {
  const lists = columns.map((name) => `list(DISTINCT "${name}")`).join(", ");
  const [distinct = []] = (await connection.runAndReadAll(`SELECT ${lists} FROM '${source}'`)).getRows();
  const values = distinct.map((list) => [...(list as { items: (string | number)[] }).items]);
  const codes = columns.map((name, i) => {
    const own = values[i] ?? [];
    if (typeOf(name) !== "dict") return `("${name}" - ${Math.min(...own.map(Number))})`;
    return `enum_code(CAST("${name}" AS ENUM(${own.map((value) => `'${String(value)}'`).join(", ")})))`;
  });
  const sizes = columns.map((name, i) => {
    const own = values[i] ?? [];
    return typeOf(name) === "dict" ? own.length : Math.max(...own.map(Number)) - Math.min(...own.map(Number)) + 1;
  });
  const key = codes.reduce((sum, code, i) => `(${sum} * ${sizes[i]} + CAST(${code} AS BIGINT))`, "0");
  const result = await connection.stream(
    `SELECT CAST(key AS DOUBLE), count(*) FROM (SELECT ${key} AS key FROM '${source}') GROUP BY key`,
  );
  const keys: Float64Array[] = [];
  const counts: Float64Array[] = [];
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    const [key, count] = [chunk.getColumnVector(0), chunk.getColumnVector(1)];
    if (!(key instanceof DuckDBDoubleVector) || !(count instanceof DuckDBBigIntVector))
      throw new TypeError("other columns");
    const { rowCount } = chunk;
    keys.push(Float64Array.from({ length: rowCount }, (_, i) => key.getItem(i) ?? 0));
    counts.push(Float64Array.from({ length: rowCount }, (_, i) => Number(count.getItem(i))));
  }
  const rowCount = keys.reduce((sum, part) => sum + part.length, 0);
  const all = joined(keys, rowCount);
  const batch: ColumnBatch = { rowCount, columns: {} };
  for (let i = columns.length - 1; i >= 0; i--) {
    const name = columns[i] ?? "";
    const size = sizes[i] ?? 1;
    const digits = all.map((key) => key % size);
    for (let row = 0; row < rowCount; row++) all[row] = ((all[row] ?? 0) - (digits[row] ?? 0)) / size;
    const own = values[i] ?? [];
    const least = Math.min(...own.map(Number));
    batch.columns[name] =
      typeOf(name) === "dict"
        ? { type: "dict", values: Uint32Array.from(digits), dictionary: own.map(String) }
        : { type: "i32", values: Int32Array.from(digits, (digit) => digit + least) };
  }
  return { tuples: batch, weights: joined(counts, rowCount) };
}

function joined(parts: readonly Float64Array[], length: number): Float64Array {
  const all = new Float64Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

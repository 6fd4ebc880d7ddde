/** The functions of a policy's SQL as scalar functions of DuckDB. It calls them on the main thread with up to 2,048 rows.
 *  @module */
import {
  BIGINT,
  BLOB,
  blobValue,
  DOUBLE,
  DuckDBBigIntVector,
  DuckDBBlobVector,
  DuckDBDoubleVector,
  DuckDBScalarFunction,
  DuckDBVarCharVector,
  VARCHAR,
  type DuckDBConnection,
  type DuckDBValue,
  type DuckDBVector,
} from "@duckdb/node-api";
import type { VectorColumn, VectorFunction } from "@sluice/desensitize";

const TYPES = { text: VARCHAR, bytes: BLOB, double: DOUBLE, bigint: BIGINT } as const;

/** Registers `functions` with the whole instance of `connection`. */
export function registerVectorFunctions(connection: DuckDBConnection, functions: readonly VectorFunction[]): void {
  for (const { name, parameters, returns, apply } of functions) {
    connection.registerScalarFunction(
      DuckDBScalarFunction.create({
        name,
        parameterTypes: parameters.map((type) => TYPES[type]),
        returnType: TYPES[returns],
        // The function sees nulls itself.
        specialHandling: true,
        mainFunction: (_, chunk, output) => {
          const length = chunk.rowCount;
          const columns = parameters.map((_, i) => readVector(chunk.getColumnVector(i), length));
          writeVector(output, apply(columns, length), length);
        },
      }),
    );
  }
}

function readVector(vector: DuckDBVector, length: number): VectorColumn {
  const valid = new Uint8Array(length);
  if (vector instanceof DuckDBVarCharVector) {
    return { type: "text", values: Array.from(valid, (_, i) => vector.getItem(i)) };
  }
  if (vector instanceof DuckDBBlobVector) return { type: "bytes", values: [vector.getItem(0)?.bytes ?? null] };
  // Plain loops: these run for every value of a table.
  if (vector instanceof DuckDBDoubleVector) {
    const values = new Float64Array(length);
    for (let i = 0; i < length; i++) {
      const value = vector.getItem(i);
      if (value === null) continue;
      values[i] = value;
      valid[i] = 1;
    }
    return { type: "double", values, valid };
  }
  if (vector instanceof DuckDBBigIntVector) {
    const values = new BigInt64Array(length);
    for (let i = 0; i < length; i++) {
      const value = vector.getItem(i);
      if (value === null) continue;
      values[i] = value;
      valid[i] = 1;
    }
    return { type: "bigint", values, valid };
  }
  throw new TypeError("a function has a parameter of another type");
}

function writeVector(output: DuckDBVector, column: VectorColumn, length: number): void {
  const item = (i: number): DuckDBValue => {
    switch (column.type) {
      case "text":
        return column.values[i] ?? null;
      case "bytes": {
        const bytes = column.values[i] ?? null;
        return bytes === null ? null : blobValue(bytes);
      }
      case "double":
      case "bigint":
        return column.valid[i] === 1 ? (column.values[i] ?? null) : null;
    }
  };
  for (let i = 0; i < length; i++) output.setItem(i, item(i));
  output.flush();
}

/** Engine results as column batches: one typed array per column, text as codes into a sorted dictionary.
 *  @module */
import {
  DuckDBBigIntVector,
  DuckDBBooleanVector,
  DuckDBDoubleVector,
  DuckDBIntegerVector,
  DuckDBVarCharVector,
  type DuckDBResult,
  type DuckDBVector,
} from "@duckdb/node-api";
import { type Bytes, type Column, type ColumnBatch, type ColumnType } from "@sluice/protocol";
import { guarded, refuseAborted } from "./engine.ts";

/** A column the result must have. */
export interface ExpectedColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/** Reads `result` to its end. Its columns are `columns`, in this order. @throws EngineFault, ERR_CANCELLED */
export async function readBatch(
  result: DuckDBResult,
  columns: readonly ExpectedColumn[],
  signal?: AbortSignal,
): Promise<ColumnBatch> {
  const builders = columns.map((column) => new ColumnBuilder(column.type));
  let rowCount = 0;
  for (;;) {
    refuseAborted(signal);
    const chunk = await guarded(() => result.fetchChunk());
    if (chunk === null || chunk.rowCount === 0) break;
    for (const [i, builder] of builders.entries()) builder.append(chunk.getColumnVector(i), chunk.rowCount);
    rowCount += chunk.rowCount;
  }
  return {
    rowCount,
    columns: Object.fromEntries(columns.map(({ name }, i) => [name, finished(builders[i])])),
  };
}

function finished(builder: ColumnBuilder | undefined): Column {
  if (builder === undefined) throw new TypeError("a result has fewer columns than expected");
  return builder.finish();
}

/** First capacity of a column, in rows. */
const FIRST_CAPACITY = 4_096;

class ColumnBuilder {
  readonly #type: ColumnType;
  readonly #codes = new Map<string, number>();
  #values: Float64Array | Int32Array | Uint8Array | Uint32Array;
  #valid = new Uint8Array(FIRST_CAPACITY / 8);
  #length = 0;
  #nulls = 0;

  constructor(type: ColumnType) {
    this.#type = type;
    this.#values = allocate(type, FIRST_CAPACITY);
  }

  append(vector: DuckDBVector, count: number): void {
    this.#reserve(this.#length + count);
    const read = reader(this.#type, vector, this.#codes);
    for (let i = 0; i < count; i++) {
      const value = read(i);
      if (value === null) this.#nulls++;
      else {
        this.#values[this.#length] = value;
        this.#valid[this.#length >> 3] = (this.#valid[this.#length >> 3] ?? 0) | (1 << (this.#length & 7));
      }
      this.#length++;
    }
  }

  finish(): Column {
    const validity: { validity?: Bytes } =
      this.#nulls === 0 ? {} : { validity: this.#valid.slice(0, Math.ceil(this.#length / 8)) };
    const values = this.#values.slice(0, this.#length);
    if (this.#type === "dict") return { type: "dict", ...sortDictionary(values, this.#codes, validity), ...validity };
    return { type: this.#type, values, ...validity } as Column;
  }

  #reserve(length: number): void {
    if (length <= this.#values.length) return;
    const capacity = Math.max(length, this.#values.length * 2);
    const values = allocate(this.#type, capacity);
    values.set(this.#values);
    this.#values = values;
    const valid = new Uint8Array(Math.ceil(capacity / 8));
    valid.set(this.#valid);
    this.#valid = valid;
  }
}

function allocate(type: ColumnType, capacity: number): Float64Array | Int32Array | Uint8Array | Uint32Array {
  switch (type) {
    case "f64":
      return new Float64Array(capacity);
    case "i32":
      return new Int32Array(capacity);
    case "bool":
      return new Uint8Array(capacity);
    case "dict":
      return new Uint32Array(capacity);
  }
}

/** Reads item `i` of `vector` as an entry of the column's array. */
function reader(type: ColumnType, vector: DuckDBVector, codes: Map<string, number>): (i: number) => number | null {
  if (type === "f64" && vector instanceof DuckDBDoubleVector) return (i) => vector.getItem(i);
  if (type === "i32" && vector instanceof DuckDBIntegerVector) return (i) => vector.getItem(i);
  if (type === "f64" && vector instanceof DuckDBIntegerVector) return (i) => vector.getItem(i);
  if (type === "f64" && vector instanceof DuckDBBigIntVector) return (i) => exact(vector.getItem(i));
  if (type === "bool" && vector instanceof DuckDBBooleanVector) {
    return (i) => {
      const item = vector.getItem(i);
      return item === null ? null : Number(item);
    };
  }
  if (type === "dict" && vector instanceof DuckDBVarCharVector) {
    return (i) => {
      const item = vector.getItem(i);
      if (item === null) return null;
      let code = codes.get(item);
      if (code === undefined) codes.set(item, (code = codes.size));
      return code;
    };
  }
  throw new TypeError(`a result column is not of type ${type}`);
}

function exact(value: bigint | null): number | null {
  if (value === null) return null;
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new TypeError("a whole number is beyond 2^53");
  return number;
}

/** Codes in the order of the sorted dictionary: the order of first appearance would tell of the rows. */
function sortDictionary(
  values: Float64Array | Int32Array | Uint8Array | Uint32Array,
  codes: ReadonlyMap<string, number>,
  { validity }: { validity?: Bytes },
): { values: Uint32Array; dictionary: string[] } {
  const dictionary = [...codes.keys()].sort();
  const renamed = new Uint32Array(codes.size);
  for (const [code, text] of dictionary.entries()) renamed[codes.get(text) ?? 0] = code;
  const sorted = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const present = validity === undefined || (((validity[i >> 3] ?? 0) >> (i & 7)) & 1) === 1;
    if (present) sorted[i] = renamed[values[i] ?? 0] ?? 0;
  }
  return { values: sorted, dictionary };
}

/** Columns as Apache Arrow IPC and back: for libraries inside a job that read Arrow, and for files that other programs
 *  read. Runs inside the isolate, and outside.
 *  @see https://arrow.apache.org/docs/format/Columnar.html
 *  @module */
import type { Column } from "@sluice/protocol";
import {
  Column as ArrowColumn,
  Type,
  batchType,
  bool,
  columnFromArray,
  dictionary,
  float64,
  int32,
  tableFromColumns,
  tableFromIPC,
  tableToIPC,
  utf8,
  type DataType,
} from "@uwdata/flechette";

/** A table as jobs see it: `rowCount`, and a column under each other name. */
export interface ArrowRows {
  readonly rowCount: number;
  readonly [name: string]: Readonly<Column> | number;
}

/** Arrow IPC of all columns in one record batch, as a file or as a stream. Numbers and codes are not converted:
 *  `f64`, `i32`, `bool`, and `dict` as a dictionary of texts. */
export function toArrow(
  rows: { readonly rowCount: number },
  format: "file" | "stream" = "file",
): Uint8Array<ArrayBuffer> {
  const columns = Object.entries(rows as ArrowRows).flatMap(([name, column]): [string, ArrowColumn<unknown>][] =>
    typeof column === "number" ? [] : [[name, arrowColumn(column, rows.rowCount)]],
  );
  return new Uint8Array(tableToIPC(tableFromColumns(columns), { format }) ?? []);
}

function arrowColumn(column: Readonly<Column>, length: number): ArrowColumn<unknown> {
  const nullCount = column.validity === undefined ? 0 : length - countBits(column.validity, length);
  const validity = nullCount === 0 ? new Uint8Array(0) : column.validity?.subarray(0, Math.ceil(length / 8));
  const batch = (type: DataType, values: Float64Array | Int32Array | Uint8Array) => {
    const Batch = batchType(type);
    return new Batch({ length, nullCount, type, validity, values });
  };
  switch (column.type) {
    case "f64":
      return new ArrowColumn([batch(float64(), column.values)]);
    case "i32":
      return new ArrowColumn([batch(int32(), column.values)]);
    case "bool":
      return new ArrowColumn([batch(bool(), packBits(column.values))]);
    case "dict": {
      const { buffer, byteOffset } = column.values;
      // One object for both: by it the encoder finds the texts of a column. Arrow prefers signed indices.
      const text = utf8();
      const keys = batch(dictionary(text), new Int32Array(buffer, byteOffset, length));
      const texts = columnFromArray([...column.dictionary], text);
      (keys as unknown as { setDictionary: (texts: unknown) => void }).setDictionary(texts);
      return new ArrowColumn([keys]);
    }
  }
}

/** The columns of Arrow IPC bytes, file or stream: texts become `dict`, whole numbers of up to 32 bits `i32`, all other
 *  numbers, dates and times `f64`. @throws TypeError for a column of another type, and for bytes that are no Arrow */
export function fromArrow(bytes: Uint8Array): ArrowRows {
  const table = tableFromIPC(bytes);
  const columns = table.schema.fields.map(({ name, type }, i): [string, Column] => {
    if (name === "rowCount") throw new TypeError("no column may be called rowCount");
    const column = table.getChildAt<unknown>(i);
    return [name, withNulls(column, columnOf(name, type, column))];
  });
  return { rowCount: table.numRows, ...Object.fromEntries(columns) };
}

const TEXTS: ReadonlySet<number> = new Set([Type.Utf8, Type.LargeUtf8, Type.Utf8View]);
const NUMBERS: ReadonlySet<number> = new Set([
  Type.Int,
  Type.Float,
  Type.Decimal,
  Type.Date,
  Type.Time,
  Type.Timestamp,
  Type.Duration,
]);

function columnOf(name: string, type: DataType, column: ArrowColumn<unknown>): Column {
  const valueType = type.typeId === Type.Dictionary ? type.dictionary : type;
  if (TEXTS.has(valueType.typeId)) return dictionaryOf(column as ArrowColumn<string | null>);
  if (valueType.typeId === Type.Bool) {
    return { type: "bool", values: Uint8Array.from(column, (value) => (value === true ? 1 : 0)) };
  }
  if (!NUMBERS.has(valueType.typeId)) throw new TypeError(`column ${name} has an Arrow type that columns cannot hold`);
  const numbers = numbersOf(column as ArrowColumn<number | bigint | null>);
  const whole = valueType.typeId === Type.Int && valueType.bitWidth - (valueType.signed ? 1 : 0) < 32;
  return whole
    ? { type: "i32", values: Int32Array.from(numbers) }
    : { type: "f64", values: Float64Array.from(numbers) };
}

function* numbersOf(column: ArrowColumn<number | bigint | null>): Generator<number> {
  for (const value of column) yield Number(value ?? 0);
}

function dictionaryOf(column: ArrowColumn<string | null>): Column {
  const codes = new Map<string, number>();
  const values = new Uint32Array(column.length);
  let row = 0;
  for (const text of column) {
    if (text !== null) {
      const code = codes.get(text) ?? codes.size;
      codes.set(text, code);
      values[row] = code;
    }
    row++;
  }
  return { type: "dict", values, dictionary: [...codes.keys()] };
}

function withNulls(arrow: ArrowColumn<unknown>, column: Column): Column {
  if (arrow.nullCount === 0) return column;
  const validity = new Uint8Array(Math.ceil(arrow.length / 8));
  let row = 0;
  for (const value of arrow) {
    if (value !== null) validity[row >> 3] = (validity[row >> 3] ?? 0) | (1 << (row & 7));
    row++;
  }
  return { ...column, validity };
}

function packBits(values: Uint8Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(values.length / 8));
  for (const [row, value] of values.entries()) {
    if (value !== 0) bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7));
  }
  return bits;
}

function countBits(bits: Uint8Array, length: number): number {
  let count = 0;
  for (let row = 0; row < length; row++) count += ((bits[row >> 3] ?? 0) >> (row & 7)) & 1;
  return count;
}

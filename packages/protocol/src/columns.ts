/** Tables inside a domain and inside a job: one typed array per column, never row objects.
 *  @module */
import { z } from "zod";
import type { Bytes } from "./bytes.ts";

/** How a resource stores a column. */
export const FieldType = z.enum(["text", "integer", "decimal", "boolean", "date"]);
export type FieldType = z.infer<typeof FieldType>;

/** `f64` numbers, `i32` whole numbers, `bool` bytes 0 or 1, `dict` codes into a dictionary of strings. */
export const ColumnType = z.enum(["f64", "i32", "bool", "dict"]);
export type ColumnType = z.infer<typeof ColumnType>;

/** One column. `values` has `rowCount` entries; entries of null rows are zero. */
export type Column = (
  | { type: "f64"; values: Float64Array }
  | { type: "i32"; values: Int32Array }
  | { type: "bool"; values: Uint8Array }
  | { type: "dict"; values: Uint32Array; dictionary: string[] }
) & {
  /** Bit i (least significant first) is 1 when row i has a value; absent when every row has one. */
  validity?: Bytes;
};

/** Some rows of a table. */
export type ColumnBatch = { rowCount: number; columns: Record<string, Column> };

/** Whether row `row` of `column` has a value. */
export function isValid(column: Column, row: number): boolean {
  return column.validity === undefined || (((column.validity[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
}

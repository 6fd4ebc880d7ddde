/** Functions that an engine calls with some thousand rows at a time, for what its SQL cannot say. Pure: keys come as
 *  parameters of the statement. This package has no engine; who runs one registers them by their names.
 *  @module */
import type { Bytes } from "@sluice/protocol";

/** Type of a column that crosses: `text` is VARCHAR, `bytes` BLOB (a key: one value for all rows), `double` DOUBLE, `bigint` BIGINT. */
export type VectorType = "text" | "bytes" | "double" | "bigint";

/** Some rows of one column. `valid` holds 1 for each row that has a value; texts and bytes without one are null.
 *  Of `bytes` there is one value, that of the first row. Numbers are the function's own to write over. */
export type VectorColumn =
  | { readonly type: "text"; readonly values: readonly (string | null)[] }
  | { readonly type: "bytes"; readonly values: readonly (Bytes | null)[] }
  | { readonly type: "double"; readonly values: Float64Array; readonly valid: Uint8Array }
  | { readonly type: "bigint"; readonly values: BigInt64Array; readonly valid: Uint8Array };

/** One function. */
export interface VectorFunction {
  /** Name in SQL: lower-case letters, digits and `_`. */
  readonly name: string;
  readonly parameters: readonly VectorType[];
  readonly returns: VectorType;
  /** `length` rows of the result, of type `returns`. Throws on no value: an engine's message would carry it. */
  readonly apply: (columns: readonly VectorColumn[], length: number) => VectorColumn;
}

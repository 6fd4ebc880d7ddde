/** What a transform knows of the column it is for, in its two forms.
 *  @module */
import type { Bytes, Hierarchy, ResourceField } from "@sluice/protocol";

/** How a resource stores a column. */
export type StoredType = ResourceField["type"];

/** A stored value: text and ISO dates as strings, 64-bit integers as numbers or bigints. */
export type StoredValue = string | number | bigint | boolean | null;

/** A value as a job sees it. */
export type ShownValue = string | number | boolean | null;

/** The row and the column that a value is of, for the TypeScript form of a transform. */
export interface ValueContext {
  /** Key of this scene's tokens, 16 to 64 bytes; the keys of other transforms are derived from it. */
  readonly tokenKey: Bytes;
  readonly type: StoredType;
  /** Name of the column. */
  readonly name?: string;
  readonly hierarchy?: Hierarchy | undefined;
  /** Key of the person the row is about, as the engine writes it as text. */
  readonly subject?: string | null | undefined;
  /** Number of the row. */
  readonly row?: number | undefined;
}

/** Columns of the table, unquoted, that tell what a row is about, for the SQL form of a transform. */
export interface RowColumns {
  /** Column whose values tell the persons apart. */
  readonly subject?: string | undefined;
  /** Column that numbers the rows. */
  readonly rowId?: string | undefined;
}

/** Statement parameter or registered function that a transform's SQL form needs. */
export type KeyUse = "token" | "token-sm3" | "date-shift" | "noise" | "fake" | "fpe-aes" | "fpe-sm4";

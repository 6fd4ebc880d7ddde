/** What a table is apart from its values: enough to say to a child what will come, wherever it comes from.
 *  @module */
import { SluiceError, type Bytes, type Column, type ColumnBatch } from "@sluice/protocol";

/** One column without its values. */
export interface ColumnShape {
  readonly name: string;
  readonly type: Column["type"];
  readonly dictionary?: readonly string[] | undefined;
  readonly hasValidity: boolean;
}

/** A table without its values. */
export interface TableShape {
  readonly rowCount: number;
  readonly columns: readonly ColumnShape[];
}

const WIDTH_BYTES: Readonly<Record<Column["type"], number>> = { f64: 8, i32: 4, bool: 1, dict: 4 };

/** Bytes of `rowCount` values of a column, and of their validity, in the order in which a child gets them. */
export function columnSizes({ type, hasValidity }: ColumnShape, rowCount: number): number[] {
  const values = WIDTH_BYTES[type] * rowCount;
  return hasValidity ? [values, Math.ceil(rowCount / 8)] : [values];
}

/** The shape of `table`. @throws ERR_BODY_INVALID when a column does not have `rowCount` values */
export function shapeOf({ rowCount, columns }: ColumnBatch): TableShape {
  const shapes = Object.entries(columns).map(([name, column]) => {
    const { type, values, validity } = column;
    if (values.length !== rowCount || (validity !== undefined && validity.length < Math.ceil(rowCount / 8))) {
      throw new SluiceError("ERR_BODY_INVALID", { pointer: `/table/columns/${name}`, expected: `${rowCount} values` });
    }
    const dictionary = column.type === "dict" ? column.dictionary : undefined;
    return { name, type, dictionary, hasValidity: validity !== undefined };
  });
  return { rowCount, columns: shapes };
}

/** Values and validity of every column: views, not copies. */
export function columnBytes({ rowCount, columns }: ColumnBatch): Bytes[] {
  return Object.values(columns).flatMap(({ values, validity }) => {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return validity === undefined ? [bytes] : [bytes, validity.subarray(0, Math.ceil(rowCount / 8))];
  });
}

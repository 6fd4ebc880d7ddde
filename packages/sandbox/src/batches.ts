/** A table cut into batches of equal size, as a child gets one after another: the columns are views of the table, each
 *  padded to a multiple of eight bytes, so that the child has one buffer in which every column is aligned.
 *  @module */
import type { Bytes, Column, ColumnBatch } from "@sluice/protocol";
import { columnSizes, type TableShape } from "./table-shape.ts";

/** Rows of a batch; only the last of a table has fewer. A multiple of eight, so that validity is cut between bytes. */
export const BATCH_ROWS = 65_536;
/** Columns and validity begin at multiples of this in a batch. */
const ALIGNMENT = 8;

/** Into what a table of some shape is cut. */
export interface BatchSizes {
  readonly rows: number;
  readonly count: number;
  /** Bytes of a whole batch, and of the last. */
  readonly bytes: number;
  readonly lastBytes: number;
}

/** The batches of one table. */
export interface Batches {
  /** Batch `index` in parts, or undefined when there is none of that number. */
  parts(index: number): Bytes[] | undefined;
}

/** The batches of `rows` rows of any table of this shape. */
export function batchSizes({ rowCount, columns }: TableShape, rows: number): BatchSizes {
  const count = Math.ceil(rowCount / rows);
  const bytesOf = (rowsOfIt: number): number =>
    columns.flatMap((column) => columnSizes(column, rowsOfIt)).reduce((sum, size) => sum + size + padding(size), 0);
  return {
    rows,
    count,
    bytes: bytesOf(Math.min(rows, rowCount)),
    lastBytes: bytesOf(count === 0 ? 0 : rowCount - rows * (count - 1)),
  };
}

// struct { { opaque values[width × rows]; opaque pad[]; opaque validity[rows / 8]; opaque pad[]; } columns[] } Batch;
/** Cuts `table` into batches of `rows` rows. */
export function cutIntoBatches({ rowCount, columns }: ColumnBatch, rows: number): Batches {
  const all = Object.values(columns);
  const count = Math.ceil(rowCount / rows);
  const parts = (index: number): Bytes[] | undefined => {
    if (index < 0 || index >= count) return undefined;
    const first = rows * index;
    return all.flatMap((column) => columnParts(column, first, Math.min(rows, rowCount - first)));
  };
  return { parts };
}

function columnParts({ values, validity }: Column, first: number, count: number): Bytes[] {
  const width = values.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(values.buffer, values.byteOffset + width * first, width * count);
  if (validity === undefined) return padded(bytes);
  return [...padded(bytes), ...padded(validity.subarray(first / 8, Math.ceil((first + count) / 8)))];
}

function padded(bytes: Bytes): Bytes[] {
  const missing = padding(bytes.length);
  return missing === 0 ? [bytes] : [bytes, new Uint8Array(missing)];
}

function padding(size: number): number {
  return (ALIGNMENT - (size % ALIGNMENT)) % ALIGNMENT;
}

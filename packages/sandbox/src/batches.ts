/** A table cut into batches of equal size, as a child gets one after another: the columns are views of the table, each
 *  padded to a multiple of eight bytes, so that the child has one buffer in which every column is aligned.
 *  @module */
import type { Bytes, Column, ColumnBatch } from "@sluice/protocol";

/** Rows of a batch; only the last of a table has fewer. A multiple of eight, so that validity is cut between bytes. */
export const BATCH_ROWS = 65_536;
/** Columns and validity begin at multiples of this in a batch. */
const ALIGNMENT = 8;

/** The batches of one table. */
export interface Batches {
  readonly rows: number;
  readonly count: number;
  /** Bytes of a whole batch, and of the last. */
  readonly bytes: number;
  readonly lastBytes: number;
  /** Batch `index` in parts, or undefined when there is none of that number. */
  parts(index: number): Bytes[] | undefined;
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
  const bytesOf = (index: number): number => (parts(index) ?? []).reduce((sum, part) => sum + part.length, 0);
  return { rows, count, bytes: bytesOf(0), lastBytes: bytesOf(count - 1), parts };
}

function columnParts({ values, validity }: Column, first: number, count: number): Bytes[] {
  const width = values.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(values.buffer, values.byteOffset + width * first, width * count);
  if (validity === undefined) return padded(bytes);
  return [...padded(bytes), ...padded(validity.subarray(first / 8, Math.ceil((first + count) / 8)))];
}

function padded(bytes: Bytes): Bytes[] {
  const missing = (ALIGNMENT - (bytes.length % ALIGNMENT)) % ALIGNMENT;
  return missing === 0 ? [bytes] : [bytes, new Uint8Array(missing)];
}

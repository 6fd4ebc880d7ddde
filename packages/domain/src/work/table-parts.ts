/** A column batch as parts of a message and back. The store writes it, the broker reads it.
 *  @module */
import { ColumnType, FieldName, fromUtf8, SluiceError, utf8 } from "@sluice/protocol";
import type { Bytes, Column, ColumnBatch } from "@sluice/protocol";
import type { TableShape } from "@sluice/sandbox";
import { z } from "zod";
import { MAX_PART_BYTES } from "./message-parser.ts";

/** Most bytes of all columns of a table. */
export const MAX_TABLE_BYTES = 2 ** 36;

const PartIndex = z.int().nonnegative();

/** Head of a table: where its columns' bytes are among the parts, or among those that are sent later. */
export const TableHead = z.strictObject({
  rowCount: z.int().nonnegative(),
  columns: z.array(
    z.strictObject({
      name: FieldName,
      type: ColumnType,
      values: PartIndex,
      validity: PartIndex.optional(),
      /** JSON array of strings. */
      dictionary: PartIndex.optional(),
    }),
  ),
});
export type TableHead = z.infer<typeof TableHead>;

/** Appends the columns of `table` to `parts`, or only its dictionaries when `values` is given for the rest. Values are not copied.
 *  @throws ERR_JOB_TABLE_TOO_LARGE for a column or a table that no message carries */
export function tableToParts(table: ColumnBatch, parts: Bytes[], values = parts): TableHead {
  let tableBytes = 0;
  const maskBytes = Math.ceil(table.rowCount / 8);
  const push = (bytes: Bytes, to: Bytes[]): number => {
    tableBytes += bytes.length;
    refuseAbove(MAX_PART_BYTES, bytes.length);
    refuseAbove(MAX_TABLE_BYTES, tableBytes);
    return to.push(bytes) - 1;
  };
  // First what a reader needs to make sense of the rest.
  const dictionaries = Object.values(table.columns).map((column) =>
    column.type === "dict" ? { dictionary: push(utf8(JSON.stringify(column.dictionary)), parts) } : {},
  );
  const columns = Object.entries(table.columns).map(([name, column], i) => ({
    name,
    type: column.type,
    values: push(new Uint8Array(column.values.buffer, column.values.byteOffset, column.values.byteLength), values),
    ...(column.validity === undefined ? {} : { validity: push(column.validity.subarray(0, maskBytes), values) }),
    ...dictionaries[i],
  }));
  return { rowCount: table.rowCount, columns };
}

/** The shape of the table of `head`, whose values may not be here. @throws ERR_FRAME_MALFORMED */
export function shapeFromParts({ rowCount, columns }: TableHead, parts: readonly Bytes[]): TableShape {
  const shapes = columns.map(({ name, type, validity, dictionary }) => ({
    name,
    type,
    ...(type === "dict" && { dictionary: dictionary === undefined ? [] : readDictionary(parts[dictionary]) }),
    hasValidity: validity !== undefined,
  }));
  return { rowCount, columns: shapes };
}

/** The table of `head`; its dictionaries are among `dictionaries` when they came before the rest.
 *  @throws ERR_FRAME_MALFORMED */
export function tableFromParts(head: TableHead, parts: readonly Bytes[], dictionaries = parts): ColumnBatch {
  const part = (index: number): Bytes => {
    const bytes = parts[index];
    if (bytes === undefined) throw malformed("part");
    return bytes;
  };
  const columns = head.columns.map(({ name, type, values, validity, dictionary }): [string, Column] => {
    const present = validity === undefined ? {} : { validity: part(validity) };
    const column = typedColumn(
      type,
      part(values),
      dictionary === undefined ? [] : readDictionary(dictionaries[dictionary]),
    );
    if (column.values.length !== head.rowCount) throw malformed("values");
    return [name, { ...column, ...present }];
  });
  return { rowCount: head.rowCount, columns: Object.fromEntries(columns) };
}

/** `bytes` starts its buffer, so that every element type is aligned. */
function typedColumn(type: ColumnType, bytes: Bytes, dictionary: string[]): Column {
  if (bytes.byteOffset !== 0) throw malformed("alignment");
  const elements = (width: number): number => {
    if (bytes.length % width !== 0) throw malformed("values");
    return bytes.length / width;
  };
  switch (type) {
    case "f64":
      return { type, values: new Float64Array(bytes.buffer, 0, elements(8)) };
    case "i32":
      return { type, values: new Int32Array(bytes.buffer, 0, elements(4)) };
    case "bool":
      return { type, values: bytes };
    case "dict":
      return { type, values: new Uint32Array(bytes.buffer, 0, elements(4)), dictionary };
  }
}

function readDictionary(bytes: Bytes | undefined): string[] {
  try {
    return z.array(z.string()).parse(JSON.parse(fromUtf8(bytes ?? new Uint8Array(0))));
  } catch {
    throw malformed("dictionary");
  }
}

function refuseAbove(maxBytes: number, sizeBytes: number): void {
  // How large a table is, is not for whoever wrote the job.
  if (sizeBytes > maxBytes) throw new SluiceError("ERR_JOB_TABLE_TOO_LARGE", { maxBytes });
}

function malformed(field: string): SluiceError {
  return new SluiceError("ERR_FRAME_MALFORMED", { field, expected: "the columns of the head" });
}

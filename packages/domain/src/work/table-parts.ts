/** A column batch as parts of a message and back. The store writes it, the broker reads it.
 *  @module */
import { ColumnType, FieldName, fromUtf8, SluiceError, utf8 } from "@sluice/protocol";
import type { Bytes, Column, ColumnBatch } from "@sluice/protocol";
import { z } from "zod";
import { MAX_PART_BYTES } from "./message-parser.ts";

/** Most bytes of all columns of a table. */
export const MAX_TABLE_BYTES = 2 ** 36;

const PartIndex = z.int().nonnegative();

/** Head of a table: where its columns' bytes are among the parts. */
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

/** Appends the columns of `table` to `parts`. Values are not copied.
 *  @throws ERR_JOB_TABLE_TOO_LARGE for a column or a table that no message carries */
export function tableToParts(table: ColumnBatch, parts: Bytes[]): TableHead {
  let tableBytes = 0;
  const push = (bytes: Bytes): number => {
    tableBytes += bytes.length;
    refuseAbove(MAX_PART_BYTES, bytes.length);
    refuseAbove(MAX_TABLE_BYTES, tableBytes);
    return parts.push(bytes) - 1;
  };
  // First what a reader needs to make sense of the rest.
  const dictionaries = Object.values(table.columns).map((column) =>
    column.type === "dict" ? { dictionary: push(utf8(JSON.stringify(column.dictionary))) } : {},
  );
  const columns = Object.entries(table.columns).map(([name, column], i) => ({
    name,
    type: column.type,
    values: push(new Uint8Array(column.values.buffer, column.values.byteOffset, column.values.byteLength)),
    ...(column.validity === undefined ? {} : { validity: push(column.validity) }),
    ...dictionaries[i],
  }));
  return { rowCount: table.rowCount, columns };
}

/** The table of `head`. @throws ERR_FRAME_MALFORMED */
export function tableFromParts(head: TableHead, parts: readonly Bytes[]): ColumnBatch {
  const part = (index: number): Bytes => {
    const bytes = parts[index];
    if (bytes === undefined) throw malformed("part");
    return bytes;
  };
  const columns = head.columns.map(({ name, type, values, validity, dictionary }): [string, Column] => {
    const present = validity === undefined ? {} : { validity: part(validity) };
    const column = typedColumn(type, part(values), dictionary === undefined ? [] : readDictionary(part(dictionary)));
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

function readDictionary(bytes: Bytes): string[] {
  try {
    return z.array(z.string()).parse(JSON.parse(fromUtf8(bytes)));
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

/** Sums of whole numbers by groups: rows to the cells of declared dimensions, and exact sums of clamped values. What is formed
 *  here does not leave as it is: noise is added by whoever shows it.
 *  @module */
import {
  isValid,
  NO_LEVEL,
  SluiceError,
  type Column,
  type ColumnBatch,
  type NoisyDimension,
  type NoisyMeasure,
} from "@sluice/protocol";
import { cellOrder } from "./cells.ts";

/** How the values of a column are clamped and rounded. */
export type SummedColumn = Omit<NoisyMeasure, "name">;

/** Cell of each row; the number of cells for none. @throws ERR_JOB_MANIFEST when a column is missing or of another type */
export function cellsOf(rows: ColumnBatch, dimensions: readonly NoisyDimension[]): Uint16Array {
  const codes = dimensions.map((dimension): [string, Uint8Array] => [
    dimension.name,
    levelCodes(columnOf(rows, dimension.field), dimension, rows.rowCount),
  ]);
  const table = { kind: "table-rows", dimensions: Object.fromEntries(codes), measures: {} } as const;
  return cellOrder(table, { dimensions: [...dimensions] }, rows.rowCount).cellOf;
}

/** Level of each row in `dimension`, NO_LEVEL where its value is in no group or missing. */
function levelCodes(column: Column, dimension: NoisyDimension, rowCount: number): Uint8Array {
  const codes = new Uint8Array(rowCount).fill(NO_LEVEL);
  let codeOf: (value: number) => number;
  if ("values" in dimension) {
    const levels = new Map(Object.entries(dimension.values));
    const texts = column.type === "dict" ? column.dictionary : column.type === "bool" ? ["false", "true"] : null;
    if (texts === null) throw unfit(dimension.field);
    const byEntry = texts.map((text) => levels.get(text) ?? NO_LEVEL);
    codeOf = (entry) => byEntry[entry] ?? NO_LEVEL;
  } else {
    if (column.type !== "f64" && column.type !== "i32") throw unfit(dimension.field);
    const { breaks } = dimension;
    codeOf = (value) => (Number.isNaN(value) ? NO_LEVEL : levelAmong(breaks, value));
  }
  for (let row = 0; row < rowCount; row++) {
    if (isValid(column, row)) codes[row] = codeOf(column.values[row] ?? Number.NaN);
  }
  return codes;
}

/** How many of `breaks` are at or below `value`. */
function levelAmong(breaks: readonly number[], value: number): number {
  let level = 0;
  while (level < breaks.length && value >= (breaks[level] ?? Infinity)) level++;
  return level;
}

/** Sum of a measure in each cell, in units of its last digit: whole numbers, which do not depend on their order.
 *  @throws ERR_JOB_MANIFEST when the column holds no numbers */
export function sumUnits(column: Column, measure: SummedColumn, cellOf: Uint16Array, cellCount: number): bigint[] {
  if (column.type !== "f64" && column.type !== "i32") throw unfit(measure.field);
  const sums = Array.from({ length: cellCount }, () => 0n);
  for (const [row, cell] of cellOf.entries()) {
    if (cell >= cellCount || !isValid(column, row)) continue;
    const value = column.values[row] ?? Number.NaN;
    if (!Number.isNaN(value)) sums[cell] = (sums[cell] ?? 0n) + BigInt(unitsOf(value, measure));
  }
  return sums;
}

/** A number as a whole number of units, within the bounds: below 2^53, since bounds are below 1e9 and digits at most 6. */
function unitsOf(value: number, { min, max, digits }: SummedColumn): number {
  const units = 10 ** digits;
  return Math.min(Math.max(Math.round(value * units), Math.ceil(min * units)), Math.floor(max * units));
}

/** The largest magnitude of `unitsOf`. */
export function largestUnit(measure: SummedColumn): bigint {
  const [low, high] = [unitsOf(measure.min, measure), unitsOf(measure.max, measure)];
  return BigInt(Math.max(Math.abs(low), Math.abs(high)));
}

/** The column named `field`. @throws ERR_JOB_MANIFEST */
export function columnOf(rows: ColumnBatch, field: string): Column {
  const column = Object.hasOwn(rows.columns, field) ? rows.columns[field] : undefined;
  if (column === undefined) throw unfit(field);
  return column;
}

function unfit(field: string): SluiceError {
  return new SluiceError("ERR_JOB_MANIFEST", { pointer: `/input/${field}`, expected: "a column of the table" });
}

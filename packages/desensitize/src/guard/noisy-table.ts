/** Noisy tables from rows: groups by public facts, a bounded share of each person, exact sums of whole numbers, exact noise.
 *  Reads rows where no user code is; what leaves is differentially private for persons, so nothing is suppressed or rounded.
 *  @see Casacuberta et al., Widespread Underestimation of Sensitivity in Differentially Private Libraries (2022): sums of
 *  floating-point numbers are not used
 *  @module */
import {
  isValid,
  NO_LEVEL,
  SluiceError,
  tableCells,
  type Column,
  type ColumnBatch,
  type NoisyDimension,
  type NoisyMeasure,
  type NoisyTable,
  type NoisyTableSpec,
} from "@sluice/protocol";
import { boundContributions } from "../privacy/bound-contributions.ts";
import { costOf, noiseFor } from "../privacy/noise.ts";
import type { RandomWords } from "../privacy/random-words.ts";
import { cellOrder, levelsOfCell } from "./cells.ts";

/** The table of `spec` over `rows`, of which `subjects[i]` says whom row i is about: numbers below the number of rows.
 *  @throws ERR_PRIVACY_PARAMETER; ERR_JOB_MANIFEST when a column is missing or of another type */
export function noisyTable(
  rows: ColumnBatch,
  subjects: Uint32Array,
  spec: NoisyTableSpec,
  words: RandomWords,
): NoisyTable {
  const { measures, contribution, loss } = spec;
  const parts = 1 + measures.length;
  const noise = {
    rows: noiseFor(loss, contribution, 1n, parts),
    sums: measures.map((measure) => noiseFor(loss, contribution, largestUnit(measure), parts)),
  };
  const cellCount = tableCells(spec.dimensions);
  const cellOf = boundContributions(cellsOf(rows, spec), cellCount, subjects, contribution, words);

  const counts = new Float64Array(cellCount);
  for (const cell of cellOf) if (cell < cellCount) counts[cell] = (counts[cell] ?? 0) + 1;
  const sums = measures.map((measure) => sumUnits(columnOf(rows, measure.field), measure, cellOf, cellCount));

  const cells = Array.from(counts, (count, cell) => ({
    at: levelsOfCell(cell, spec),
    rows: saturated(BigInt(count) + noise.rows.sample(words)),
    sums: Object.fromEntries(
      measures.map(({ name, digits }, i) => {
        const units = (sums[i]?.[cell] ?? 0n) + (noise.sums[i]?.sample(words) ?? 0n);
        return [name, decimal(units, digits)];
      }),
    ),
  }));
  return {
    ...spec,
    cells,
    standardErrors: {
      rows: noise.rows.standardError,
      sums: Object.fromEntries(
        measures.map(({ name, digits }, i) => [name, (noise.sums[i]?.standardError ?? 0) / 10 ** digits]),
      ),
    },
    cost: String(costOf(loss)),
  };
}

/** Cell of each row; the number of cells for none. */
function cellsOf(rows: ColumnBatch, { dimensions }: NoisyTableSpec): Uint16Array {
  const codes = dimensions.map((dimension): [string, Uint8Array] => [
    dimension.name,
    levelCodes(columnOf(rows, dimension.field), dimension, rows.rowCount),
  ]);
  const table = { kind: "table-rows", dimensions: Object.fromEntries(codes), measures: {} } as const;
  return cellOrder(table, { dimensions }, rows.rowCount).cellOf;
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

/** Sum of a measure in each cell, in units of its last digit: whole numbers, which do not depend on their order. */
function sumUnits(column: Column, measure: NoisyMeasure, cellOf: Uint16Array, cellCount: number): bigint[] {
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
function unitsOf(value: number, { min, max, digits }: NoisyMeasure): number {
  const units = 10 ** digits;
  return Math.min(Math.max(Math.round(value * units), Math.ceil(min * units)), Math.floor(max * units));
}

/** The largest magnitude of `unitsOf`. */
function largestUnit(measure: NoisyMeasure): bigint {
  const [low, high] = [unitsOf(measure.min, measure), unitsOf(measure.max, measure)];
  return BigInt(Math.max(Math.abs(low), Math.abs(high)));
}

function saturated(count: bigint): number {
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  return Number(count > most ? most : count < -most ? -most : count);
}

function decimal(units: bigint, digits: number): string {
  const text = (units < 0n ? -units : units).toString().padStart(digits + 1, "0");
  const fraction = digits === 0 ? "" : `.${text.slice(-digits)}`;
  return `${units < 0n ? "-" : ""}${text.slice(0, text.length - digits)}${fraction}`;
}

function columnOf(rows: ColumnBatch, field: string): Column {
  const column = Object.hasOwn(rows.columns, field) ? rows.columns[field] : undefined;
  if (column === undefined) throw unfit(field);
  return column;
}

function unfit(field: string): SluiceError {
  return new SluiceError("ERR_JOB_MANIFEST", { pointer: `/input/${field}`, expected: "a column of the table" });
}

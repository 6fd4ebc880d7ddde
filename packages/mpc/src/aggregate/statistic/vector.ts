/** A domain's rows as the vector that it adds to a statistic: values are cut to the plan's bounds, made whole numbers and added up
 *  exactly. How many rows a domain needs before it takes part, and which small cells it empties first, are its own rules: they come
 *  before this.
 *  @module */
import {
  aggregateRowBounds,
  columnsOf,
  SluiceError,
  type AggregateColumn,
  type AggregatePlan,
  type AggregateStatistic,
} from "@sluice/protocol";
import { addGradients } from "../logistic/gradient.ts";
import { ExactSums } from "./exact-sums.ts";

/** Rows of one domain, column by column. */
export interface AggregateRows {
  readonly rows: number;
  /** Values of a column, one for each row; undefined when there is none of that name. */
  column(name: string): ArrayLike<number | string> | undefined;
}

/** Values of a row at a place, finite numbers. */
export type NumberAt = (row: number) => number;

/** The vector of `rows`. @throws ERR_AGGREGATE_VALUE when a column is missing, a value is no finite number (of categories, no text
 *  either), or there are more rows than the plan allows */
export function aggregateVector({ statistic, rowsAtMost }: AggregatePlan, rows: AggregateRows): bigint[] {
  if (rows.rows > rowsAtMost) throw refused("rows", `at most ${rowsAtMost}`);
  for (const name of columnsOf(statistic)) {
    if (rows.column(name)?.length !== rows.rows) throw refused(name, "a value for each row");
  }
  const sums = new ExactSums(aggregateRowBounds(statistic));
  const add = adder(statistic, rows, sums);
  for (let row = 0; row < rows.rows; row++) {
    add(row);
    sums.endRow();
  }
  return sums.finish();
}

function adder(statistic: AggregateStatistic, rows: AggregateRows, sums: ExactSums): (row: number) => void {
  switch (statistic.kind) {
    case "count":
      return () => sums.add(0, 1);
    case "sum":
    case "mean":
    case "variance":
      return addMoments(statistic, rows, sums);
    case "histogram":
    case "categories": {
      const cell = aggregateCells(statistic, rows);
      return (row) => sums.add(cell(row), 1);
    }
    case "normal-equations":
      return addProducts([...statistic.features, statistic.target], rows, sums);
    case "logistic-gradient":
      return addGradients(statistic, (name) => numberAt(rows, name), sums);
  }
}

/** The cell, an element of the vector, in which a row counts. Its function throws ERR_AGGREGATE_VALUE. */
export function aggregateCells(
  statistic: Extract<AggregateStatistic, { kind: "histogram" | "categories" }>,
  rows: AggregateRows,
): (row: number) => number {
  if (statistic.kind === "histogram") {
    const value = numberAt(rows, statistic.column);
    return (row) => bucketOf(statistic.edges, value(row));
  }
  const places = new Map(statistic.values.map((value, place) => [value, place]));
  const value = categoryAt(rows, statistic.column);
  return (row) => places.get(value(row)) ?? places.size;
}

function addMoments(
  { kind, columns }: Extract<AggregateStatistic, { kind: "sum" | "mean" | "variance" }>,
  rows: AggregateRows,
  sums: ExactSums,
): (row: number) => void {
  const values = columns.map((column) => wholeAt(rows, column));
  const first = kind === "sum" ? 0 : 1;
  return (row) => {
    if (first === 1) sums.add(0, 1);
    for (const [i, value] of values.entries()) {
      const whole = value(row);
      sums.add(first + i, whole);
      if (kind === "variance") sums.add(first + values.length + i, whole * whole);
    }
  };
}

function addProducts(columns: readonly AggregateColumn[], rows: AggregateRows, sums: ExactSums): (row: number) => void {
  const values = columns.map((column) => wholeAt(rows, column));
  const whole = new Float64Array(values.length + 1).fill(1);
  return (row) => {
    for (const [i, value] of values.entries()) whole[i + 1] = value(row);
    let place = 0;
    for (let a = 0; a < whole.length; a++) {
      for (let b = a; b < whole.length; b++) sums.add(place++, (whole[a] ?? 0) * (whole[b] ?? 0));
    }
  };
}

/** Values of `column`, cut, scaled and rounded. */
function wholeAt(rows: AggregateRows, { name, low, high, scale }: AggregateColumn): NumberAt {
  const value = numberAt(rows, name);
  return (row) => Math.round(Math.min(high, Math.max(low, value(row))) * scale);
}

function numberAt(rows: AggregateRows, name: string): NumberAt {
  const values = rows.column(name) ?? [];
  return (row) => {
    const value = values[row];
    if (typeof value === "number" && Number.isFinite(value)) return value;
    throw refused(name, "a finite number");
  };
}

/** Texts as they are, numbers as they are written. */
function categoryAt(rows: AggregateRows, name: string): (row: number) => string {
  const values = rows.column(name) ?? [];
  return (row) => {
    const value = values[row];
    if (typeof value === "string" || (typeof value === "number" && Number.isFinite(value))) return String(value);
    throw refused(name, "a text or a finite number");
  };
}

/** Edges that are not above `value`. */
function bucketOf(edges: readonly number[], value: number): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((edges[middle] ?? Infinity) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function refused(column: string, expected: string): SluiceError {
  return new SluiceError("ERR_AGGREGATE_VALUE", { column, expected });
}

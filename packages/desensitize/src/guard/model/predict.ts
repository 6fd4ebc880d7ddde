/** Released models applied to the domain's own rows: the guard recomputes, and takes no prediction from a job.
 *  @module */
import {
  binOf,
  evaluateModel,
  isValid,
  type Clusters,
  type Column,
  type ColumnBatch,
  type ModelLink,
  type ReleasedModel,
  type ScorecardItem,
  type Tree,
} from "@sluice/protocol";
import { featureValues } from "./features.ts";

/** A model that predicts a column. */
export type Predictor = Exclude<ReleasedModel, Clusters>;

/** The prediction for each row. @throws RangeError when a column is not there */
export function predictions(model: Predictor, link: ModelLink, table: ColumnBatch): Float64Array {
  return evaluateModel(model, rowsOf(table), link);
}

/** Number of the nearest centre of each row, the first of equals. @throws RangeError when a column is not there */
export function centreOfRows(model: Clusters, table: ColumnBatch): Uint16Array {
  return Uint16Array.from(evaluateModel(model, rowsOf(table)));
}

/** A table as models read it. */
export function rowsOf({ rowCount, columns }: ColumnBatch): Parameters<typeof evaluateModel>[1] {
  return { rowCount, columnOf: (name) => (Object.hasOwn(columns, name) ? columns[name] : undefined) };
}

/** Number of the node at which each row ends. */
export function leafOfRows(
  { feature, threshold, left, right }: Tree,
  columns: readonly Float64Array[],
  rowCount: number,
): Uint16Array {
  const leaves = new Uint16Array(rowCount);
  for (let row = 0; row < rowCount; row++) {
    let node = 0;
    // Children come after their parent, so that every step goes on.
    for (;;) {
      const [l = -1, r = -1] = [left[node], right[node]];
      if (l <= node || r <= node) break;
      node = (columns[feature[node] ?? 0]?.[row] ?? 0) <= (threshold[node] ?? 0) ? l : r;
    }
    leaves[row] = node;
  }
  return leaves;
}

/** Number of the bin in which each row is; the last for what is missing. */
export function binOfRows(item: ScorecardItem, { rowCount, columns }: ColumnBatch): Uint16Array {
  const last = item.points.length - 1;
  const bins = new Uint16Array(rowCount).fill(last);
  const column = Object.hasOwn(columns, item.column) ? columns[item.column] : undefined;
  if (column === undefined) return bins;
  const binOfValue =
    "levels" in item
      ? binsOfLevels(item.levels, column, last)
      : (value: number): number => (Number.isNaN(value) ? last : binOf(value, item.breaks));
  for (let row = 0; row < rowCount; row++) if (isValid(column, row)) bins[row] = binOfValue(column.values[row] ?? 0);
  return bins;
}

function binsOfLevels(levels: readonly (readonly string[])[], column: Column, last: number): (code: number) => number {
  const bins = new Map(levels.flatMap((group, bin) => group.map((level) => [level, bin] as const)));
  const dictionary = column.type === "dict" ? column.dictionary : [];
  const binOfCode = dictionary.map((text) => bins.get(text) ?? last);
  return (code) => binOfCode[code] ?? last;
}

/** Rows in the space of the centres, by feature. */
export function standardizedRows({ features, means, scales }: Clusters, table: ColumnBatch): Float64Array[] {
  return features.map((feature, j) => {
    const values = featureValues(feature, table);
    const [mean, scale] = [means[j] ?? 0, scales[j] ?? 1];
    return values.map((value) => (value - mean) / scale);
  });
}

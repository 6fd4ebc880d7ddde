/** What a released model says of rows: the one arithmetic with which jobs predict, the guard measures and tests compare.
 *  Jobs bundle this file, so it loads nothing but its features.
 *  @see Contract of each kind in `model.ts`
 *  @module */
import type { Column } from "./columns.ts";
import { columnNamed, featureReader, hasValue, type BlockReader, type ModelRows } from "./model-features.ts";
import type { Clusters, ModelLink, ReleasedModel, Scorecard, ScorecardItem, TreeModel } from "./model.ts";

/** Rows that are read at a time. */
const BLOCK_ROWS = 2_048;

/** Link of a linear model whose declaration names none, for jobs and guard alike. */
export const DEFAULT_LINK: ModelLink = "logit";

/** Predictions for every row: link⁻¹ of the sum of a model's terms; of clusters, the number of the nearest centre. A released
 *  linear model does not tell its link, its declaration does: `link` stands for it.
 *  @throws RangeError when the rows lack a column of the model */
export function evaluateModel(model: ReleasedModel, rows: ModelRows, link: ModelLink = DEFAULT_LINK): Float64Array {
  switch (model.kind) {
    case "linear-model":
      return evaluateTerms(linearTerms(model, rows), rows.rowCount, link);
    case "tree-model":
      return evaluateTerms(treeTerms(model, rows), rows.rowCount, model.link);
    case "scorecard":
      return evaluateTerms(scorecardTerms(model, rows), rows.rowCount, "logit");
    case "clusters":
      return evaluateTerms(nearestCentres(model, rows), rows.rowCount, "identity");
  }
}

/** What a sum of terms predicts. */
export function inverseLink(link: ModelLink, sum: number): number {
  if (link === "identity") return sum;
  if (link === "log") return Math.exp(sum);
  return sum >= 0 ? 1 / (1 + Math.exp(-sum)) : Math.exp(sum) / (1 + Math.exp(sum));
}

function evaluateTerms(sums: BlockReader, rowCount: number, link: ModelLink): Float64Array {
  const out = new Float64Array(rowCount);
  for (let from = 0; from < rowCount; from += BLOCK_ROWS) sums(from, out.subarray(from, from + BLOCK_ROWS));
  if (link !== "identity") for (let i = 0; i < rowCount; i++) out[i] = inverseLink(link, out[i] ?? 0);
  return out;
}

/** The intercept and the weighted features, added in their order. */
function linearTerms(
  { features, weights, intercept }: Extract<ReleasedModel, { kind: "linear-model" }>,
  rows: ModelRows,
): BlockReader {
  const readers = features.map((name) => featureReader(rows, name));
  const block = new Float64Array(BLOCK_ROWS);
  return (from, out) => {
    out.fill(intercept);
    const values = block.subarray(0, out.length);
    for (const [j, read] of readers.entries()) {
      read(from, values);
      const weight = weights[j] ?? 0;
      for (let i = 0; i < out.length; i++) out[i] = (out[i] ?? 0) + weight * (values[i] ?? 0);
    }
  };
}

/** Trees with their nodes behind one another, so that a walk reads flat arrays only. */
function treeTerms({ features, base, trees }: TreeModel, rows: ModelRows): BlockReader {
  const readers = features.map((name) => featureReader(rows, name));
  const columns = features.map(() => new Float64Array(BLOCK_ROWS));
  const compiled = trees.map(({ feature, threshold, left, right, value }) => ({
    feature: Uint16Array.from(feature),
    threshold: Float64Array.from(threshold),
    left: Int16Array.from(left),
    right: Int16Array.from(right),
    value: Float64Array.from(value),
  }));
  const none = new Float64Array(0);
  return (from, out) => {
    for (const [j, read] of readers.entries()) read(from, (columns[j] ?? none).subarray(0, out.length));
    out.fill(base);
    for (const { feature, threshold, left, right, value } of compiled) {
      for (let i = 0; i < out.length; i++) {
        let node = 0;
        while ((left[node] ?? -1) >= 0) {
          const x = columns[feature[node] ?? 0]?.[i] ?? 0;
          node = (x <= (threshold[node] ?? 0) ? left[node] : right[node]) ?? -1;
        }
        out[i] = (out[i] ?? 0) + (value[node] ?? 0);
      }
    }
  };
}

/** The intercept and the points of each column's bin. */
function scorecardTerms({ intercept, items }: Scorecard, rows: ModelRows): BlockReader {
  const readers = items.map((item) => pointsReader(item, columnNamed(rows, item.column)));
  const block = new Float64Array(BLOCK_ROWS);
  return (from, out) => {
    out.fill(intercept);
    const points = block.subarray(0, out.length);
    for (const read of readers) {
      read(from, points);
      for (let i = 0; i < out.length; i++) out[i] = (out[i] ?? 0) + (points[i] ?? 0);
    }
  };
}

function pointsReader(item: ScorecardItem, column: Readonly<Column>): BlockReader {
  const last = item.points.at(-1) ?? 0;
  const { values } = column;
  if ("levels" in item) {
    if (column.type !== "dict") throw new RangeError(`column ${item.column} has no levels`);
    const points = column.dictionary.map((text) => {
      const group = item.levels.findIndex((levels) => levels.includes(text));
      return group === -1 ? last : (item.points[group] ?? last);
    });
    return (from, out) => {
      for (let i = 0; i < out.length; i++) {
        out[i] = hasValue(column, from + i) ? (points[values[from + i] ?? 0] ?? last) : last;
      }
    };
  }
  if (column.type === "dict") throw new RangeError(`column ${item.column} has no numbers`);
  const { breaks, points } = item;
  return (from, out) => {
    for (let i = 0; i < out.length; i++) {
      const value = hasValue(column, from + i) ? (values[from + i] ?? Number.NaN) : Number.NaN;
      out[i] = Number.isNaN(value) ? last : (points[binOf(value, breaks)] ?? last);
    }
  };
}

/** Number of breaks that are at most `value`: bins are closed below. `breaks` ascend. */
export function binOf(value: number, breaks: ArrayLike<number>): number {
  let low = 0;
  let high = breaks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value >= (breaks[middle] ?? 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function nearestCentres({ features, means, scales, centres }: Clusters, rows: ModelRows): BlockReader {
  const readers = features.map((name) => featureReader(rows, name));
  const columns = features.map(() => new Float64Array(BLOCK_ROWS));
  const none = new Float64Array(0);
  return (from, out) => {
    for (const [j, read] of readers.entries()) {
      const column = (columns[j] ?? none).subarray(0, out.length);
      read(from, column);
      const [mean = 0, scale = 1] = [means[j], scales[j]];
      for (let i = 0; i < column.length; i++) column[i] = ((column[i] ?? 0) - mean) / scale;
    }
    for (let i = 0; i < out.length; i++) {
      let nearest = 0;
      let least = Infinity;
      for (const [c, centre] of centres.entries()) {
        let distance = 0;
        for (const [j, column] of columns.entries()) distance += ((column[i] ?? 0) - (centre[j] ?? 0)) ** 2;
        if (distance < least) [nearest, least] = [c, distance];
      }
      out[i] = nearest;
    }
  };
}

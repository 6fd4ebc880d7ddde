/** Losses of a released model on its margin: the sum before the link, with base and slope fitted anew to the sample. A base or a scale
 *  that saturates the link, or turns it round, would else hide what the sum remembers.
 *  @module */
import { evaluateModel, inverseLink, isValid } from "@sluice/protocol";
import type { Column, ColumnBatch, ModelLink } from "@sluice/protocol";
import { binOfRows, rowsOf, type Predictor } from "./predict.ts";

/** Probabilities are kept this far from 0 and 1, as a loss must be finite. */
const LEAST_PROBABILITY = 1e-12;
/** Sums that go through a link: beyond it exp overflows or is 0. */
const MAX_SUM = 30;
const NEWTON_STEPS = 40;
/** Keeps the slope of a column that the margin splits without fault. */
const RIDGE = 1e-3;
/** Margins beyond these shares of the sample are taken for them: one leaf out of all measure would flatten all others. */
const OUTLIERS = 0.01;

/** How a margin predicts a column: base + slope × (margin − middle) / scale, the margin kept between low and high. */
export interface Calibration extends Scale {
  readonly base: number;
  readonly slope: number;
}

/** Where the margins of a sample lie. */
export interface Scale {
  readonly low: number;
  readonly high: number;
  readonly middle: number;
  readonly scale: number;
}

/** The sum of each row, before the link. @throws RangeError when a column is not there */
export function marginsOf(model: Predictor, table: ColumnBatch): Float64Array {
  if (model.kind === "linear-model") return evaluateModel(model, rowsOf(table), "identity");
  if (model.kind === "tree-model") return evaluateModel({ ...model, link: "identity" }, rowsOf(table));
  const sums = new Float64Array(table.rowCount).fill(model.intercept);
  for (const item of model.items) {
    const bins = binOfRows(item, table);
    for (let row = 0; row < sums.length; row++) sums[row] = (sums[row] ?? 0) + (item.points[bins[row] ?? 0] ?? 0);
  }
  return sums;
}

/** Whether a prediction under `link` can be wrong by a loss: yes or no for logit, no negative number for log, no text. */
export function fitsLink(column: Column, link: ModelLink): boolean {
  if (column.type === "dict") return false;
  if (link === "identity") return true;
  for (let row = 0; row < column.values.length; row++) {
    const value = column.values[row] ?? 0;
    if (isValid(column, row) && (link === "logit" ? value !== 0 && value !== 1 : value < 0)) return false;
  }
  return true;
}

/** Where `margins` lie, but for outliers. */
export function scaleOf(margins: Float64Array): Scale {
  const sorted = margins.toSorted();
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  const [low, high] = [at(OUTLIERS), at(1 - OUTLIERS)];
  let [sum, squares] = [0, 0];
  for (const value of sorted) sum += Math.min(high, Math.max(low, value));
  const middle = sum / Math.max(1, sorted.length);
  for (const value of sorted) squares += (Math.min(high, Math.max(low, value)) - middle) ** 2;
  const scale = Math.sqrt(squares / Math.max(1, sorted.length));
  return { low, high, middle, scale: scale > 0 ? scale : 1 };
}

/** A margin on the scale of the sample. */
export function standardized({ low, high, middle, scale }: Scale, margin: number): number {
  return (Math.min(high, Math.max(low, margin)) - middle) / scale;
}

/** Base and slope with which the margins fit `column` best, by Newton's steps. */
export function calibrate(link: ModelLink, column: Column, margins: Float64Array): Calibration {
  const scale = scaleOf(margins);
  const rows = Array.from({ length: margins.length }, (_, row) => row).filter((row) => hasValue(column, row));
  const xs = rows.map((row) => standardized(scale, margins[row] ?? 0));
  const ys = rows.map((row) => column.values[row] ?? 0);
  const mean = ys.reduce((sum, y) => sum + y, 0) / Math.max(1, ys.length);
  let [base, slope] = [startOf(link, mean), 0];
  for (let step = 0; step < NEWTON_STEPS; step++) {
    let [g0, g1, h00, h01, h11] = [0, RIDGE * slope, RIDGE, 0, RIDGE];
    for (const [i, x] of xs.entries()) {
      const p = meanAt(link, base + slope * x);
      const weight = link === "identity" ? 1 : link === "log" ? p : p * (1 - p);
      const error = p - (ys[i] ?? 0);
      g0 += error;
      g1 += error * x;
      h00 += weight;
      h01 += weight * x;
      h11 += weight * x * x;
    }
    const determinant = h00 * h11 - h01 * h01;
    if (!(determinant > 0)) break;
    const [d0, d1] = [(h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant];
    // Steps of the links that bend are kept short, as Newton's may leap over the best fit.
    const most = link === "identity" ? 1 : Math.min(1, 2 / Math.max(Math.abs(d0), Math.abs(d1), 1e-12));
    base -= most * d0;
    slope -= most * d1;
    if (Math.max(Math.abs(d0), Math.abs(d1)) <= 1e-9 * (1 + Math.abs(base))) break;
  }
  return { ...scale, base, slope };
}

function startOf(link: ModelLink, mean: number): number {
  if (link === "identity") return mean;
  const kept = Math.max(mean, 1e-6);
  return link === "log" ? Math.log(kept) : Math.log(kept / Math.max(1 - mean, 1e-6));
}

function meanAt(link: ModelLink, sum: number): number {
  return inverseLink(link, link === "identity" ? sum : Math.min(MAX_SUM, Math.max(-MAX_SUM, sum)));
}

/** Loss of each row that has a value in `column`. */
export function losses(link: ModelLink, column: Column, margins: Float64Array, calibration: Calibration): Float64Array {
  const sum = (margin: number): number => calibration.base + calibration.slope * standardized(calibration, margin);
  return lossesOf(link, column, (row) => meanAt(link, sum(margins[row] ?? 0)));
}

/** Loss of each row that has a value in `column`, by its prediction. */
export function lossesOf(link: ModelLink, column: Column, predicted: (row: number) => number): Float64Array {
  const found: number[] = [];
  for (let row = 0; row < column.values.length; row++) {
    if (hasValue(column, row)) found.push(lossOf(link, predicted(row), column.values[row] ?? 0));
  }
  return Float64Array.from(found);
}

/** Whether a loss can be taken of a row. */
export function hasValue(column: Column, row: number): boolean {
  return isValid(column, row) && Number.isFinite(column.values[row]);
}

function lossOf(link: ModelLink, mean: number, value: number): number {
  if (link === "identity") return (mean - value) ** 2;
  if (link === "log") return mean - value * Math.log(Math.max(mean, LEAST_PROBABILITY));
  return -Math.log(Math.max(value === 1 ? mean : 1 - mean, LEAST_PROBABILITY));
}

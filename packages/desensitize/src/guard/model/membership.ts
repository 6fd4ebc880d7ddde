/** Whether the loss of a released model tells who was in the sample: the attack by a threshold, with its chance.
 *  @see Yeom, Giacomelli, Fredrikson and Jha, Privacy Risk in Machine Learning (2018); Mann and Whitney (1947), with the
 *    variance corrected for ties; Carlini et al., Membership Inference From First Principles (2022), why the rate at few false
 *    alarms counts; Wilson (1927) for the interval
 *  @module */
import { isValid, MAX_ROC_POINTS } from "@sluice/protocol";
import type { Column, ColumnBatch, MembershipEvidence, ModelLink } from "@sluice/protocol";
import { predictions, type Predictor } from "./predict.ts";

/** Rows in the sample, and outside, without which nothing is said: one in a hundred must be a row. */
export const MIN_MEASURED_ROWS = 100;
/** Probabilities are kept this far from 0 and 1, as a loss must be finite. */
const LEAST_PROBABILITY = 1e-12;
const FALSE_ALARMS = 0.01;
/** Of the normal distribution, for 95 %. */
const Z_95 = 1.959964;

/** Loss of each row of `table` that has a target; null when the column cannot be predicted under `link`. */
export function losses(model: Predictor, link: ModelLink, target: string, table: ColumnBatch): Float64Array | null {
  const column = Object.hasOwn(table.columns, target) ? table.columns[target] : undefined;
  if (column === undefined || !fitsLink(column, link)) return null;
  const means = predictions(model, link, table);
  const found: number[] = [];
  for (let row = 0; row < table.rowCount; row++) {
    if (isValid(column, row)) found.push(lossOf(link, means[row] ?? 0, column.values[row] ?? 0));
  }
  return Float64Array.from(found);
}

function fitsLink(column: Column, link: ModelLink): boolean {
  if (column.type === "dict") return false;
  if (link === "identity") return true;
  for (let row = 0; row < column.values.length; row++) {
    const value = column.values[row] ?? 0;
    if (isValid(column, row) && (link === "logit" ? value !== 0 && value !== 1 : value < 0)) return false;
  }
  return true;
}

function lossOf(link: ModelLink, mean: number, value: number): number {
  if (link === "identity") return (mean - value) ** 2;
  if (link === "log") return mean - value * Math.log(Math.max(mean, LEAST_PROBABILITY));
  return -Math.log(Math.max(value === 1 ? mean : 1 - mean, LEAST_PROBABILITY));
}

/** What the losses tell, smaller ones being taken for members; null when there are too few rows. */
export function measureMembership(members: Float64Array, others: Float64Array): MembershipEvidence | null {
  const [m, n] = [members.length, others.length];
  if (m < MIN_MEASURED_ROWS || n < MIN_MEASURED_ROWS) return null;
  const inside = members.toSorted();
  const outside = others.toSorted();
  const roc: [number, number][] = [[0, 0]];
  let [i, j, area, ties, tpr] = [0, 0, 0, 0, 0];
  while (i < m || j < n) {
    const value = Math.min(inside[i] ?? Infinity, outside[j] ?? Infinity);
    const [before, beforeOthers] = [i, j];
    while (i < m && (inside[i] ?? Infinity) <= value) i++;
    while (j < n && (outside[j] ?? Infinity) <= value) j++;
    // NaN compares with nothing: a loss that is no number is not below any other.
    if (i === before && j === beforeOthers) break;
    const [of, ofOthers] = [i - before, j - beforeOthers];
    // Of pairs with a row outside of this value, those whose member is below it, and half of ties.
    area += ofOthers * (before + of / 2);
    ties += (of + ofOthers) ** 3 - (of + ofOthers);
    if (j / n <= FALSE_ALARMS) tpr = i / m;
    roc.push([j / n, i / m]);
  }
  const auc = area / (m * n);
  const all = m + n;
  const variance = ((m * n) / 12) * (all + 1 - ties / (all * (all - 1)));
  const z = variance > 0 ? (area - (m * n) / 2) / Math.sqrt(variance) : 0;
  return {
    members: m,
    others: n,
    auc,
    pValue: upperTail(z),
    tprAt1: { value: tpr, ...wilson(tpr, m) },
    roc: thinned(roc),
  };
}

/** Wilson's interval of a share of `n`. */
function wilson(share: number, n: number): { low: number; high: number } {
  const z2 = Z_95 ** 2;
  const middle = (share + z2 / (2 * n)) / (1 + z2 / n);
  const half = (Z_95 / (1 + z2 / n)) * Math.sqrt((share * (1 - share)) / n + z2 / (4 * n * n));
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

/** Probability that a standard normal variable is above `z`.
 *  @see Abramowitz and Stegun 7.1.26, within 1.5e-7 */
export function upperTail(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = Math.min(0.5, Math.max(0, (series * Math.exp(-x * x)) / 2));
  return z >= 0 ? tail : 1 - tail;
}

function thinned(roc: readonly [number, number][]): [number, number][] {
  if (roc.length <= MAX_ROC_POINTS) return [...roc];
  const last = MAX_ROC_POINTS - 1;
  return Array.from({ length: MAX_ROC_POINTS }, (_, k) => roc[Math.round((k * (roc.length - 1)) / last)] ?? [1, 1]);
}

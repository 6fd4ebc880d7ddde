/** How well a score separates two classes.
 *  @module */
import { binOf } from "@sluice/protocol/model-evaluate";

/** Smallest probability that `logLoss` takes a logarithm of. */
const PROBABILITY_FLOOR = 1e-15;

/** Area under the ROC curve: the chance that a random positive row scores above a random negative one, ties
 *  counted half. 0.5 when a class is empty.
 *  @throws RangeError when there is not one label per score. */
export function auc(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const count = sameLength(scores, labels);
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  order.sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0));
  let positives = 0;
  let rankSum = 0;
  for (let start = 0; start < count;) {
    let end = start + 1;
    while (end < count && scores[order[end] ?? 0] === scores[order[start] ?? 0]) end++;
    // Ranks start + 1 to end share their mean.
    const rank = (start + 1 + end) / 2;
    for (let i = start; i < end; i++) {
      if (labels[order[i] ?? 0] !== 1) continue;
      positives++;
      rankSum += rank;
    }
    start = end;
  }
  const negatives = count - positives;
  if (positives === 0 || negatives === 0) return 0.5;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** Mean negative log-likelihood of the labels. @throws RangeError when there is not one label per probability. */
export function logLoss(probabilities: ArrayLike<number>, labels: ArrayLike<number>): number {
  const count = sameLength(probabilities, labels);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const p = labels[i] === 1 ? (probabilities[i] ?? 0) : 1 - (probabilities[i] ?? 0);
    sum -= Math.log(Math.min(1, Math.max(PROBABILITY_FLOOR, p)));
  }
  return count === 0 ? 0 : sum / count;
}

/** Kolmogorov and Smirnov's distance: the most by which the shares of the two classes at or below a score differ. 0 when a
 *  class is empty. @throws RangeError when there is not one label per score. */
export function ks(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const count = sameLength(scores, labels);
  const order = descending(scores);
  let positives = 0;
  for (let i = 0; i < count; i++) positives += labels[i] === 1 ? 1 : 0;
  const negatives = count - positives;
  if (positives === 0 || negatives === 0) return 0;
  let [hits, misses, most] = [0, 0, 0];
  for (const [i, row] of order.entries()) {
    if (labels[row] === 1) hits++;
    else misses++;
    // Rows of equal score are on one side together.
    if (scores[order[i + 1] ?? -1] === scores[row] && i + 1 < count) continue;
    most = Math.max(most, Math.abs(hits / positives - misses / negatives));
  }
  return most;
}

/** Root of the mean squared distance. @throws RangeError when there is not one prediction per target. */
export function rmse(predictions: ArrayLike<number>, targets: ArrayLike<number>): number {
  const count = sameLength(predictions, targets);
  let sum = 0;
  for (let i = 0; i < count; i++) sum += ((predictions[i] ?? 0) - (targets[i] ?? 0)) ** 2;
  return count === 0 ? 0 : Math.sqrt(sum / count);
}

/** Population stability index of `actual` against `expected`, over bins that hold equal parts of `expected`: below 0.1 the two
 *  are alike, above 0.25 they are not. Each bin counts half a row more. */
export function psi(expected: ArrayLike<number>, actual: ArrayLike<number>, bins = 10): number {
  const sorted = Float64Array.from(expected).sort();
  const breaks: number[] = [];
  for (let bin = 1; bin < bins; bin++) {
    const value = sorted[Math.floor((bin * sorted.length) / bins)] ?? Number.NaN;
    if (value > (breaks.at(-1) ?? sorted[0] ?? Number.NaN)) breaks.push(value);
  }
  const share = (values: ArrayLike<number>): number[] => {
    const counts = Array.from({ length: breaks.length + 1 }, () => 0.5);
    for (let i = 0; i < values.length; i++) {
      const bin = binOf(values[i] ?? 0, breaks);
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    const total = counts.reduce((sum, value) => sum + value, 0);
    return counts.map((value) => value / total);
  };
  const [before, after] = [share(expected), share(actual)];
  return before.reduce((sum, p, bin) => {
    const q = after[bin] ?? p;
    return sum + (q - p) * Math.log(q / p);
  }, 0);
}

/** One part of the rows, from the highest scores on. */
export interface GainsPart {
  readonly rows: number;
  readonly positives: number;
  /** Share of all positive rows up to here. */
  readonly gain: number;
  /** Positive rows of this part over what chance would give. */
  readonly lift: number;
}

/** Rows in `parts` equal parts from the highest scores on. Rows of equal score keep their order.
 *  @throws RangeError when there is not one label per score. */
export function gainsTable(scores: ArrayLike<number>, labels: ArrayLike<number>, parts = 10): GainsPart[] {
  const count = sameLength(scores, labels);
  const order = descending(scores);
  let all = 0;
  for (let i = 0; i < count; i++) all += labels[i] === 1 ? 1 : 0;
  let before = 0;
  return Array.from({ length: parts }, (_, part) => {
    const [from, to] = [Math.round((part * count) / parts), Math.round(((part + 1) * count) / parts)];
    let positives = 0;
    for (const row of order.subarray(from, to)) positives += labels[row] === 1 ? 1 : 0;
    before += positives;
    const rows = to - from;
    return {
      rows,
      positives,
      gain: all === 0 ? 0 : before / all,
      lift: all === 0 || rows === 0 ? 0 : positives / rows / (all / count),
    };
  });
}

/** Rows from the highest score down, equal ones in their order. */
function descending(scores: ArrayLike<number>): Uint32Array {
  const order = Uint32Array.from({ length: scores.length }, (_, i) => i);
  return order.sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b);
}

function sameLength(values: ArrayLike<number>, labels: ArrayLike<number>): number {
  if (values.length !== labels.length) {
    throw new RangeError(`there are ${values.length} values and ${labels.length} labels`);
  }
  return values.length;
}

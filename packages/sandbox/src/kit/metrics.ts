/** How well a score separates two classes.
 *  @module */

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

function sameLength(values: ArrayLike<number>, labels: ArrayLike<number>): number {
  if (values.length !== labels.length) {
    throw new RangeError(`there are ${values.length} values and ${labels.length} labels`);
  }
  return values.length;
}

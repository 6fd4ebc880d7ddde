/** Deviance: twice the log-likelihood that a prediction lacks of a perfect one.
 *  @module */
import type { ModelLink } from "@sluice/protocol";
import { inverseLink } from "@sluice/protocol/model-evaluate";

/** Smallest probability or mean of which a logarithm is taken. */
const FLOOR = 1e-15;

/** Deviance of one target: squared distance for identity, of a yes or no for logit, of a count for log. */
export function unitDeviance(link: ModelLink, target: number, prediction: number): number {
  if (link === "identity") return (target - prediction) ** 2;
  if (link === "logit") return -2 * Math.log(Math.max(FLOOR, target === 1 ? prediction : 1 - prediction));
  const mean = Math.max(FLOOR, prediction);
  return 2 * ((target > 0 ? target * Math.log(target / mean) : 0) - (target - mean));
}

/** Mean deviance of predictions. @throws RangeError when there is not one prediction per target */
export function deviance(predictions: ArrayLike<number>, targets: ArrayLike<number>, link: ModelLink): number {
  if (predictions.length !== targets.length) {
    throw new RangeError(`there are ${predictions.length} predictions and ${targets.length} targets`);
  }
  let sum = 0;
  for (let i = 0; i < targets.length; i++) sum += unitDeviance(link, targets[i] ?? 0, predictions[i] ?? 0);
  return targets.length === 0 ? 0 : sum / targets.length;
}

/** Mean deviance of sums of terms. */
export function meanDeviance(link: ModelLink, targets: ArrayLike<number>, sums: Float64Array): number {
  return deviance(link === "identity" ? sums : sums.map((sum) => inverseLink(link, sum)), targets, link);
}

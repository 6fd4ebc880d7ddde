/** Logistic regression with an L2 penalty.
 *  @see Hastie, Tibshirani, Friedman: The Elements of Statistical Learning, §4.4.1
 *  @module */
import { inverseLink } from "@sluice/protocol/model-evaluate";
import { unitDeviance } from "./deviance.ts";
import type { Matrix } from "./features.ts";
import { fitNewton, type Family, type LinearFit, type RegressionOptions } from "./newton.ts";

/** Weight of the penalty on squared weights. */
export const DEFAULT_L2 = 1;

const BERNOULLI: Family = {
  link: "logit",
  mean: (sum) => inverseLink("logit", sum),
  variance: (p) => p * (1 - p),
  deviance: (label, p) => unitDeviance("logit", label, p),
};

/** Fits P(label = 1) on `matrix`. Labels are 0 or 1; `l2` is 1 unless told otherwise.
 *  @throws RangeError when the labels are not one per row, or there are too many features. */
export function logisticRegression(
  matrix: Matrix,
  labels: ArrayLike<number>,
  options: RegressionOptions = {},
): LinearFit {
  return fitNewton(matrix, labels, BERNOULLI, { ...options, l2: options.l2 ?? DEFAULT_L2 });
}

/** Linear regression: least squares, or ridge regression with a penalty.
 *  @see Hastie, Tibshirani, Friedman: The Elements of Statistical Learning, §3.2, §3.4.1
 *  @module */
import { unitDeviance } from "./deviance.ts";
import type { Matrix } from "./features.ts";
import { fitNewton, type Family, type LinearFit, type RegressionOptions } from "./newton.ts";

const GAUSS: Family = {
  link: "identity",
  mean: (sum) => sum,
  variance: () => 1,
  deviance: (target, mean) => unitDeviance("identity", target, mean),
};

/** Fits the mean of `targets` on `matrix` by least squares; `l2` is 0 unless told otherwise. The second Newton step of a least
 *  squares problem only refines the first.
 *  @throws RangeError when the targets are not one per row, or there are too many features. */
export function linearRegression(
  matrix: Matrix,
  targets: ArrayLike<number>,
  options: RegressionOptions = {},
): LinearFit {
  return fitNewton(matrix, targets, GAUSS, { ...options, l2: options.l2 ?? 0, intercept: meanOf(targets) });
}

/** Mean; 0 of nothing. */
export function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  return values.length === 0 ? 0 : sum / values.length;
}

/** Poisson regression with the logarithm as link: counts, or counts per unit of exposure.
 *  @see McCullagh, Nelder: Generalized Linear Models, §6.2
 *  @module */
import { unitDeviance } from "./deviance.ts";
import type { Matrix } from "./features.ts";
import { meanOf } from "./linear.ts";
import { fitNewton, type Family, type LinearFit, type RegressionOptions } from "./newton.ts";

/** Options of `poissonRegression`. */
export interface PoissonOptions extends RegressionOptions {
  /** Time or size at risk of each row, above 0: the model then predicts the count per unit of it. */
  readonly exposure?: ArrayLike<number>;
}

/** Largest sum of which the exponential is taken: beyond it, a step is as good as infinite. */
const MAX_SUM = 700;

const POISSON: Family = {
  link: "log",
  mean: (sum) => Math.exp(Math.min(sum, MAX_SUM)),
  variance: (mean) => mean,
  deviance: (count, mean) => unitDeviance("log", count, mean),
};

/** Fits the logarithm of the mean of `counts` on `matrix`; `l2` is 0 unless told otherwise.
 *  @throws RangeError when there is not one count of 0 or more, or not one exposure above 0, per row; or too many features. */
export function poissonRegression(matrix: Matrix, counts: ArrayLike<number>, options: PoissonOptions = {}): LinearFit {
  const { exposure, ...rest } = options;
  if (exposure !== undefined && exposure.length !== matrix.rowCount) {
    throw new RangeError(`there are ${exposure.length} exposures`);
  }
  for (let i = 0; i < counts.length; i++) {
    if (!((counts[i] ?? Number.NaN) >= 0)) throw new RangeError("a count is 0 or more");
    if (exposure !== undefined && !((exposure[i] ?? 0) > 0)) throw new RangeError("an exposure is above 0");
  }
  const mean = meanOf(counts) / (exposure === undefined ? 1 : meanOf(exposure));
  const start = Math.log(mean > 0 ? mean : 1e-9);
  const offset = exposure === undefined ? {} : { offset: Float64Array.from(exposure, Math.log) };
  return fitNewton(matrix, counts, POISSON, { ...rest, l2: rest.l2 ?? 0, intercept: start, ...offset });
}

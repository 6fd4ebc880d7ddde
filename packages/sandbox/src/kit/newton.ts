/** Generalised linear models with their canonical link, fitted by Newton's method (iteratively reweighted least squares) on
 *  standardised features.
 *  @see McCullagh, Nelder: Generalized Linear Models, §2.5
 *  @module */
import type { ModelLink } from "@sluice/protocol";
import { solveSymmetric } from "./cholesky.ts";
import { standardize, type Matrix } from "./features.ts";

/** What the targets are: how their mean follows from a sum of terms, how they scatter around it, and what a miss costs. */
export interface Family {
  readonly link: ModelLink;
  readonly mean: (sum: number) => number;
  /** Variance at a mean, up to a factor. */
  readonly variance: (mean: number) => number;
  /** Twice the loss of log-likelihood of a target against a perfect prediction. */
  readonly deviance: (target: number, mean: number) => number;
}

/** A fitted model, in the units of the columns. */
export interface LinearFit {
  readonly kind: "linear-model";
  readonly link: ModelLink;
  readonly features: string[];
  readonly weights: number[];
  readonly intercept: number;
  /** Newton steps that were made. */
  readonly iterations: number;
  /** Whether the last step was below `tolerance`. */
  readonly converged: boolean;
  /** Rows beyond the parameters. The guard counts persons, of whom there may be fewer. */
  readonly residualDf: number;
  /** Of the fit on its own rows; for linear regression, the sum of squared residuals. */
  readonly deviance: number;
  /** Of the mean alone. */
  readonly nullDeviance: number;
}

/** Options of every regression. */
export interface RegressionOptions {
  /** Penalty on the standardised weights, as if so many rows had pulled each towards 0. */
  readonly l2?: number;
  readonly maxIterations?: number;
  /** Largest change of a standardised weight that counts as converged, relative to the largest weight when that is above 1. */
  readonly tolerance?: number;
  /** Told after each step, 0 to 1. */
  readonly onProgress?: (fraction: number) => void;
}

/** Newton steps at most. */
export const DEFAULT_MAX_ITERATIONS = 50;
/** Largest change of a standardised weight that counts as converged. */
export const DEFAULT_TOLERANCE = 1e-8;
/** Most features: the step solves a square system of this size. */
export const MAX_FEATURES = 256;
/** How often a step that makes the fit worse is halved. */
const MAX_HALVINGS = 30;

/** A fit from a start at `intercept`; `offset` is added to the sum of each row.
 *  @throws RangeError when the targets are not one per row, or there are too many features. */
export function fitNewton(
  matrix: Matrix,
  targets: ArrayLike<number>,
  family: Family,
  options: Required<Pick<RegressionOptions, "l2">> & RegressionOptions & { intercept?: number; offset?: Float64Array },
): LinearFit {
  const { l2, maxIterations = DEFAULT_MAX_ITERATIONS, tolerance = DEFAULT_TOLERANCE, offset } = options;
  const size = matrix.features.length + 1;
  if (targets.length !== matrix.rowCount) throw new RangeError(`there are ${targets.length} labels`);
  if (size - 1 > MAX_FEATURES) throw new RangeError(`there are more than ${MAX_FEATURES} features`);
  const { matrix: scaled, means, deviations } = standardize(matrix);
  const columns = [new Float64Array(matrix.rowCount).fill(1), ...scaled.columns];
  const problem = { columns, targets, family, l2, offset };
  let beta = new Float64Array(size);
  beta[0] = options.intercept ?? 0;
  let fitted = objective(problem, beta);
  const nullDeviance = fitNull(problem, beta);
  let iterations = 0;
  let converged = false;
  while (iterations < maxIterations && !converged) {
    iterations++;
    const step = newtonStep(problem, beta, fitted.sums);
    let next = moved(beta, step, 1);
    let after = objective(problem, next);
    for (let halving = 0; halving < MAX_HALVINGS && !(after.loss <= fitted.loss * (1 + 1e-12)); halving++) {
      for (let j = 0; j < size; j++) step[j] = (step[j] ?? 0) / 2;
      next = moved(beta, step, 1);
      after = objective(problem, next);
    }
    converged = largest(step) < tolerance * Math.max(1, largest(next));
    [beta, fitted] = [next, after];
    options.onProgress?.(converged ? 1 : iterations / maxIterations);
  }
  const weights = Array.from(matrix.features, (_name, j) => (beta[j + 1] ?? 0) / (deviations[j] ?? 1));
  let intercept = beta[0] ?? 0;
  for (let j = 0; j < weights.length; j++) intercept -= (weights[j] ?? 0) * (means[j] ?? 0);
  return {
    kind: "linear-model",
    link: family.link,
    features: [...matrix.features],
    weights,
    intercept,
    iterations,
    converged,
    residualDf: matrix.rowCount - size,
    deviance: fitted.deviance,
    nullDeviance,
  };
}

interface Problem {
  readonly columns: Float64Array[];
  readonly targets: ArrayLike<number>;
  readonly family: Family;
  readonly l2: number;
  readonly offset: Float64Array | undefined;
}

/** Sums of terms by row, and what they cost with the penalty. */
function objective(
  { columns, targets, family, l2, offset }: Problem,
  beta: Float64Array,
): { sums: Float64Array; deviance: number; loss: number } {
  const rowCount = targets.length;
  const sums = offset === undefined ? new Float64Array(rowCount) : Float64Array.from(offset);
  let penalty = 0;
  for (const [j, column] of columns.entries()) {
    const weight = beta[j] ?? 0;
    if (j > 0) penalty += l2 * weight * weight;
    for (let i = 0; i < rowCount; i++) sums[i] = (sums[i] ?? 0) + weight * (column[i] ?? 0);
  }
  let deviance = 0;
  for (let i = 0; i < rowCount; i++) deviance += family.deviance(targets[i] ?? 0, family.mean(sums[i] ?? 0));
  return { sums, deviance, loss: deviance + penalty };
}

/** Deviance of the best intercept alone. */
function fitNull(problem: Problem, start: Float64Array): number {
  const alone = { ...problem, columns: problem.columns.slice(0, 1) };
  const beta = start.slice(0, 1);
  let fitted = objective(alone, beta);
  for (let step = 0; step < DEFAULT_MAX_ITERATIONS; step++) {
    const change = newtonStep(alone, beta, fitted.sums)[0] ?? 0;
    beta[0] = (beta[0] ?? 0) + change;
    fitted = objective(alone, beta);
    if (Math.abs(change) < DEFAULT_TOLERANCE * Math.max(1, Math.abs(beta[0] ?? 0))) break;
  }
  return fitted.deviance;
}

/** Solves (XᵀWX + λI) step = Xᵀ(y − μ) − λβ; the intercept, in place 0, is not penalised. */
function newtonStep({ columns, targets, family, l2 }: Problem, beta: Float64Array, sums: Float64Array): Float64Array {
  const size = columns.length;
  const rowCount = targets.length;
  const residual = new Float64Array(rowCount);
  const curvature = new Float64Array(rowCount);
  for (let i = 0; i < rowCount; i++) {
    const mean = family.mean(sums[i] ?? 0);
    residual[i] = (targets[i] ?? 0) - mean;
    curvature[i] = family.variance(mean);
  }
  const hessian = new Float64Array(size * size);
  const gradient = new Float64Array(size);
  const weighted = new Float64Array(rowCount);
  for (let a = 0; a < size; a++) {
    const left = columns[a] ?? residual;
    let slope = 0;
    for (let i = 0; i < rowCount; i++) {
      slope += (left[i] ?? 0) * (residual[i] ?? 0);
      weighted[i] = (left[i] ?? 0) * (curvature[i] ?? 0);
    }
    const penalty = a === 0 ? 0 : l2;
    gradient[a] = slope - penalty * (beta[a] ?? 0);
    for (let b = 0; b <= a; b++) {
      const right = columns[b] ?? residual;
      let sum = 0;
      for (let i = 0; i < rowCount; i++) sum += (weighted[i] ?? 0) * (right[i] ?? 0);
      hessian[a * size + b] = sum;
      hessian[b * size + a] = sum;
    }
    // A ridge below every meaningful penalty keeps the system solvable when a column is constant. It bends the way to the fit,
    // not the fit, at which the gradient is 0.
    hessian[a * size + a] = (hessian[a * size + a] ?? 0) + penalty + 1e-9;
  }
  return solveSymmetric(hessian, gradient);
}

function moved(beta: Float64Array, step: Float64Array, length: number): Float64Array<ArrayBuffer> {
  return Float64Array.from(beta, (value, j) => value + length * (step[j] ?? 0));
}

function largest(values: Float64Array): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}

/** Logistic regression with an L2 penalty, fitted by Newton's method on standardised features.
 *  @see Hastie, Tibshirani, Friedman: The Elements of Statistical Learning, §4.4.1
 *  @module */
import { standardize, type Matrix } from "./features.ts";

/** A fitted model, in the units of the columns. */
export interface LogisticModel {
  readonly features: string[];
  readonly weights: number[];
  readonly intercept: number;
  /** Newton steps that were made. */
  readonly iterations: number;
  /** Whether the last step was below `tolerance`. */
  readonly converged: boolean;
}

/** Options of `logisticRegression`. */
export interface LogisticOptions {
  /** Penalty on the standardised weights, as if so many rows had pulled each towards 0. */
  readonly l2?: number;
  readonly maxIterations?: number;
  /** Largest change of a standardised weight that counts as converged. */
  readonly tolerance?: number;
  /** Told after each step, 0 to 1. */
  readonly onProgress?: (fraction: number) => void;
}

/** Weight of the penalty on squared weights. */
export const DEFAULT_L2 = 1;
/** Newton steps at most. */
export const DEFAULT_MAX_ITERATIONS = 50;
/** Largest change of a standardised weight that counts as converged. */
export const DEFAULT_TOLERANCE = 1e-8;
/** Most features: the step solves a square system of this size. */
export const MAX_FEATURES = 256;

/** Fits P(label = 1) on `matrix`. Labels are 0 or 1.
 *  @throws RangeError when the labels are not one per row, or there are too many features. */
export function logisticRegression(
  matrix: Matrix,
  labels: ArrayLike<number>,
  options: LogisticOptions = {},
): LogisticModel {
  const { l2 = DEFAULT_L2, maxIterations = DEFAULT_MAX_ITERATIONS, tolerance = DEFAULT_TOLERANCE } = options;
  const size = matrix.features.length + 1;
  if (labels.length !== matrix.rowCount) throw new RangeError(`there are ${labels.length} labels`);
  if (size - 1 > MAX_FEATURES) throw new RangeError(`there are more than ${MAX_FEATURES} features`);
  const { matrix: scaled, means, deviations } = standardize(matrix);
  const columns = [new Float64Array(matrix.rowCount).fill(1), ...scaled.columns];
  const beta = new Float64Array(size);
  let iterations = 0;
  let converged = false;
  while (iterations < maxIterations && !converged) {
    iterations++;
    const step = newtonStep(columns, labels, beta, l2);
    let largest = 0;
    for (let j = 0; j < size; j++) {
      beta[j] = (beta[j] ?? 0) + (step[j] ?? 0);
      largest = Math.max(largest, Math.abs(step[j] ?? 0));
    }
    converged = largest < tolerance;
    options.onProgress?.(converged ? 1 : iterations / maxIterations);
  }
  const weights = Array.from(matrix.features, (_name, j) => (beta[j + 1] ?? 0) / (deviations[j] ?? 1));
  let intercept = beta[0] ?? 0;
  for (let j = 0; j < weights.length; j++) intercept -= (weights[j] ?? 0) * (means[j] ?? 0);
  return { features: [...matrix.features], weights, intercept, iterations, converged };
}

/** Code of the first cutoff that a value is below: `cutoffs` ascend; values above all give `cutoffs.length`. */
export function bands(values: ArrayLike<number>, cutoffs: readonly number[]): Uint8Array {
  const codes = new Uint8Array(values.length);
  for (let i = 0; i < codes.length; i++) {
    let code = 0;
    while (code < cutoffs.length && !((values[i] ?? 0) < (cutoffs[code] ?? 0))) code++;
    codes[i] = code;
  }
  return codes;
}

function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

/** Solves (XᵀWX + λI) step = Xᵀ(y − p) − λβ; the intercept, in place 0, is not penalised. */
function newtonStep(columns: Float64Array[], labels: ArrayLike<number>, beta: Float64Array, l2: number): Float64Array {
  const size = columns.length;
  const rowCount = labels.length;
  const score = new Float64Array(rowCount);
  for (let j = 0; j < size; j++) {
    const column = columns[j] ?? score;
    const weight = beta[j] ?? 0;
    for (let i = 0; i < rowCount; i++) score[i] = (score[i] ?? 0) + weight * (column[i] ?? 0);
  }
  const residual = new Float64Array(rowCount);
  const curvature = new Float64Array(rowCount);
  for (let i = 0; i < rowCount; i++) {
    const p = sigmoid(score[i] ?? 0);
    residual[i] = (labels[i] ?? 0) - p;
    curvature[i] = p * (1 - p);
  }
  const hessian = new Float64Array(size * size);
  const gradient = new Float64Array(size);
  const weighted = new Float64Array(rowCount);
  for (let a = 0; a < size; a++) {
    const left = columns[a] ?? score;
    let slope = 0;
    for (let i = 0; i < rowCount; i++) {
      slope += (left[i] ?? 0) * (residual[i] ?? 0);
      weighted[i] = (left[i] ?? 0) * (curvature[i] ?? 0);
    }
    const penalty = a === 0 ? 0 : l2;
    gradient[a] = slope - penalty * (beta[a] ?? 0);
    for (let b = 0; b <= a; b++) {
      const right = columns[b] ?? score;
      let sum = 0;
      for (let i = 0; i < rowCount; i++) sum += (weighted[i] ?? 0) * (right[i] ?? 0);
      hessian[a * size + b] = sum;
      hessian[b * size + a] = sum;
    }
    // A ridge below every meaningful penalty keeps the system solvable when a column is constant.
    hessian[a * size + a] = (hessian[a * size + a] ?? 0) + penalty + 1e-9;
  }
  return solveSymmetric(hessian, gradient);
}

/** x of A·x = b for a positive definite A, by Cholesky. Overwrites A. */
function solveSymmetric(a: Float64Array, b: Float64Array): Float64Array {
  const n = b.length;
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = a[i * n + j] ?? 0;
      for (let k = 0; k < j; k++) sum -= (a[i * n + k] ?? 0) * (a[j * n + k] ?? 0);
      a[i * n + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / (a[j * n + j] ?? 1);
    }
  }
  const x = Float64Array.from(b);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i] = (x[i] ?? 0) - (a[i * n + k] ?? 0) * (x[k] ?? 0);
    x[i] = (x[i] ?? 0) / (a[i * n + i] ?? 1);
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i] = (x[i] ?? 0) - (a[k * n + i] ?? 0) * (x[k] ?? 0);
    x[i] = (x[i] ?? 0) / (a[i * n + i] ?? 1);
  }
  return x;
}

/** A hidden layer with square activations, for scores that a domain serves under encryption and whose model it keeps:
 *  log-odds = intercept + Σ sign · (bias + Σ weight · z)², z between -1 and 1 within a feature's bounds.
 *
 *  Starts as the logistic regression, which two units hold exactly: s = (s/2 + 1/2)² - (s/2 - 1/2)². Then the mean log loss descends by Adam over
 *  all rows. Equal seeds give equal models.
 *  @see Kingma, Ba: Adam: A Method for Stochastic Optimization (2015), algorithm 1
 *  @module */
import type { HiddenFeature, SquareNetworkFit } from "@sluice/protocol";
import { inverseLink } from "@sluice/protocol/model-evaluate";
import type { Matrix } from "./features.ts";
import { logisticRegression } from "./logistic.ts";
import { createRng } from "./rng.ts";

export type { SquareNetworkFit };

/** How it is trained. */
export interface SquareNetworkOptions {
  /** Bounds of each feature, in order of the matrix. They are published, so they come from knowledge of the column and not from a
   *  person's extreme value; values beyond are cut. */
  readonly bounds: readonly (readonly [low: number, high: number])[];
  /** 16 unless told otherwise; 2 at least. */
  readonly units?: number;
  /** Steps over all rows, 200 unless told otherwise. */
  readonly rounds?: number;
  /** Penalty on squared weights, as if of so many rows; 1 unless told otherwise. */
  readonly l2?: number;
  readonly seed?: number;
}

/** Units unless told otherwise. */
export const DEFAULT_UNITS = 16;
/** Steps over all rows unless told otherwise. */
export const DEFAULT_ROUNDS = 200;
const DEFAULT_PENALTY = 1;
const RATE = 0.01;
const DECAYS = [0.9, 0.999] as const;
/** Standard deviation of the first weights of units beyond the two, before division by √features. */
const START = 0.1;

/** Fits the log-odds of label 1. Labels are 0 or 1.
 *  @throws RangeError when labels or bounds do not fit the matrix, a bound or a number of it is not finite, or there are fewer than
 *  two units */
export function squareNetwork(
  matrix: Matrix,
  labels: ArrayLike<number>,
  options: SquareNetworkOptions,
): SquareNetworkFit {
  const { bounds, units = DEFAULT_UNITS, rounds = DEFAULT_ROUNDS, l2 = DEFAULT_PENALTY, seed = 1 } = options;
  const count = matrix.features.length;
  const finite = (numbers: ArrayLike<number>): boolean => Array.prototype.every.call(numbers, Number.isFinite);
  if (bounds.length !== count || bounds.some(([low, high]) => !(low < high) || !finite([low, high])))
    throw new RangeError("finite bounds of each feature");
  if (!matrix.columns.every(finite)) throw new RangeError("a number is not finite");
  if (units < 2) throw new RangeError("two units at least");
  const features = matrix.features.map((name, i) => ({ name, low: bounds[i]?.[0] ?? 0, high: bounds[i]?.[1] ?? 1 }));
  const z = centredColumns(matrix, features);
  const start = logisticRegression({ ...matrix, columns: z }, labels);
  const rng = createRng(seed);
  const width = count + 1;
  // Unit after unit: weights, then the bias; the intercept last.
  const numbers = Float64Array.from({ length: units * width + 1 }, () => (START * rng.normal()) / Math.sqrt(count));
  for (const [j, side] of [1, -1].entries()) {
    for (const [i, weight] of start.weights.entries()) numbers[j * width + i] = weight / 2;
    numbers[j * width + count] = start.intercept / 2 + side / 2;
  }
  numbers[units * width] = 0;
  const gradient = new Float64Array(numbers.length);
  const moments = [new Float64Array(numbers.length), new Float64Array(numbers.length)] as const;
  for (let round = 1; round <= rounds; round++) {
    fillGradient(z, labels, numbers, units, gradient);
    for (let k = 0; k < numbers.length; k++) {
      const slope = (gradient[k] ?? 0) + (k % width < count ? (l2 * (numbers[k] ?? 0)) / matrix.rowCount : 0);
      const first = (moments[0][k] = DECAYS[0] * (moments[0][k] ?? 0) + (1 - DECAYS[0]) * slope);
      const second = (moments[1][k] = DECAYS[1] * (moments[1][k] ?? 0) + (1 - DECAYS[1]) * slope ** 2);
      const step = first / (1 - DECAYS[0] ** round) / (Math.sqrt(second / (1 - DECAYS[1] ** round)) + 1e-8);
      numbers[k] = (numbers[k] ?? 0) - RATE * step;
    }
  }
  return {
    kind: "square-network",
    features,
    units: Array.from({ length: units }, (_, j) => ({
      sign: signOf(j),
      bias: numbers[j * width + count] ?? 0,
      weights: Array.from(numbers.subarray(j * width, j * width + count)),
    })),
    intercept: numbers[units * width] ?? 0,
  };
}

/** Log-odds for each row; values beyond the bounds are cut.
 *  @throws RangeError when the matrix lacks a feature */
export function squareScores(network: SquareNetworkFit, matrix: Matrix): Float64Array {
  const columns = network.features.map(({ name }) => {
    const column = matrix.columns[matrix.features.indexOf(name)];
    if (column === undefined) throw new RangeError(`the matrix lacks feature ${name}`);
    return column;
  });
  const z = centredColumns({ ...matrix, columns }, network.features);
  const scores = new Float64Array(matrix.rowCount).fill(network.intercept);
  for (const { sign, bias, weights } of network.units) {
    const sums = sumsOf(z, weights, bias, matrix.rowCount);
    for (const [row, sum] of sums.entries()) scores[row] = (scores[row] ?? 0) + sign * sum * sum;
  }
  return scores;
}

function signOf(unit: number): 1 | -1 {
  return unit % 2 === 0 ? 1 : -1;
}

function centredColumns({ columns }: Matrix, features: readonly HiddenFeature[]): Float64Array[] {
  return features.map(({ low, high }, i) =>
    (columns[i] ?? new Float64Array(0)).map((value) => {
      const cut = Math.min(high, Math.max(low, value));
      return (cut - low) / ((high - low) / 2) - 1;
    }),
  );
}

function sumsOf(z: readonly Float64Array[], weights: ArrayLike<number>, bias: number, rows: number): Float64Array {
  const sums = new Float64Array(rows).fill(bias);
  for (const [i, column] of z.entries()) {
    const weight = weights[i] ?? 0;
    for (let row = 0; row < rows; row++) sums[row] = (sums[row] ?? 0) + weight * (column[row] ?? 0);
  }
  return sums;
}

/** Of the mean log loss. */
function fillGradient(
  z: readonly Float64Array[],
  labels: ArrayLike<number>,
  numbers: Float64Array,
  units: number,
  gradient: Float64Array,
): void {
  const rows = labels.length;
  const width = z.length + 1;
  const scores = new Float64Array(rows).fill(numbers[units * width] ?? 0);
  const layer = Array.from({ length: units }, (_, j) => {
    const unit = numbers.subarray(j * width, (j + 1) * width);
    const sums = sumsOf(z, unit, unit[z.length] ?? 0, rows);
    for (let row = 0; row < rows; row++) scores[row] = (scores[row] ?? 0) + signOf(j) * (sums[row] ?? 0) ** 2;
    return sums;
  });
  const errors = scores.map((score, row) => (inverseLink("logit", score) - (labels[row] ?? 0)) / rows);
  gradient[units * width] = errors.reduce((sum, error) => sum + error, 0);
  for (const [j, sums] of layer.entries()) {
    const slopes = sums.map((sum, row) => 2 * signOf(j) * sum * (errors[row] ?? 0));
    for (const [i, column] of z.entries()) {
      let slope = 0;
      for (let row = 0; row < rows; row++) slope += (slopes[row] ?? 0) * (column[row] ?? 0);
      gradient[j * width + i] = slope;
    }
    gradient[j * width + z.length] = slopes.reduce((sum, slope) => sum + slope, 0);
  }
}

/** Quantiles by choice from a public grid. The score of a grid point is how far the numbers below it are from the wanted
 *  share of all, in whole numbers.
 *  @see Smith, Privacy-preserving Statistical Estimation with Optimal Convergence Rates (2011), §3.1
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { permuteAndFlip } from "./permute-and-flip.ts";
import type { RandomWords } from "./random-words.ts";
import type { Rational } from "./rational.ts";

/** Points of one grid. */
export const MAX_GRID_POINTS = 10_000;

/** A quantile, as asked. */
export interface QuantileQuestion {
  /** Candidates, ascending, chosen without looking at the data. */
  readonly grid: readonly number[];
  /** Share of the numbers that lie below, above 0 and below 1: 1/2 for the median. */
  readonly share: Rational;
  /** Most numbers of one person among the values: bound contributions first. */
  readonly rowsPerPerson: number;
  readonly epsilon: Rational;
}

/** One point of the grid, ε-differentially private. Values that are no numbers count for nothing.
 *  @throws ERR_PRIVACY_PARAMETER */
export function noisyQuantile(values: ArrayLike<number>, question: QuantileQuestion, words: RandomWords): number {
  const { grid, share, rowsPerPerson, epsilon } = question;
  checkQuestion(question);
  const sensitivity = quantileSensitivity(share, rowsPerPerson);
  return grid[permuteAndFlip(gridScores(values, grid, share), sensitivity, epsilon, words)] ?? Number.NaN;
}

/** How much a person with `rowsPerPerson` numbers changes any score of the share a / b: by the larger of a and b - a each. */
export function quantileSensitivity({ numerator: a, denominator: b }: Rational, rowsPerPerson: number): bigint {
  return BigInt(rowsPerPerson) * (a > b - a ? a : b - a);
}

/** -|(b - a)·(values below g) - a·(values at or above g)| for each grid point g and the share a / b. */
export function gridScores(
  values: ArrayLike<number>,
  grid: readonly number[],
  { numerator: a, denominator: b }: Rational,
): bigint[] {
  // Entry i counts the values of which exactly i grid points are at or below.
  const counts = new Uint32Array(grid.length + 1);
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    const place = pointsUpTo(grid, value);
    counts[place] = (counts[place] ?? 0) + 1;
    total++;
  }
  let below = 0;
  return grid.map((_, i) => {
    below += counts[i] ?? 0;
    const distance = (b - a) * BigInt(below) - a * BigInt(total - below);
    return distance < 0n ? distance : -distance;
  });
}

/** How many points are at or below `value`. */
function pointsUpTo(grid: readonly number[], value: number): number {
  let [low, high] = [0, grid.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((grid[middle] ?? Infinity) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function checkQuestion({ grid, share, rowsPerPerson, epsilon }: QuantileQuestion): void {
  const refuse = (field: string, expected: string): never => {
    throw new SluiceError("ERR_PRIVACY_PARAMETER", { field, expected });
  };
  const ascending = grid.every((point, i) => Number.isFinite(point) && point > (grid[i - 1] ?? -Infinity));
  if (grid.length === 0 || grid.length > MAX_GRID_POINTS || !ascending) {
    refuse("grid", `1 to ${MAX_GRID_POINTS} finite numbers, ascending`);
  }
  if (share.numerator <= 0n || share.numerator >= share.denominator) refuse("share", "above 0 and below 1");
  if (!Number.isSafeInteger(rowsPerPerson) || rowsPerPerson < 1) refuse("contribution.rows", "a whole number above 0");
  if (epsilon.numerator <= 0n) refuse("epsilon", "a decimal above 0, as 0.25");
}

/** Features cut into at most 256 bins, so that a tree looks for splits in histograms instead of sorted rows.
 *  @module */
import type { Matrix } from "./features.ts";

/** Most bins of one feature: a code is one byte. */
export const MAX_BINS = 256;
/** Digits of a threshold that leave: a row is where it will be counted. */
const THRESHOLD_DIGITS = 4;

/** How a matrix is cut. */
export interface BinOptions {
  readonly maxBins?: number;
  /** Rows between two cuts at least, and before the first and behind the last. Whoever cuts one feature in several trees wants as many
   *  as in a leaf: two trees tell by their difference of those between two cuts. */
  readonly minBinRows?: number;
}

/** A matrix in bins. A row is left of split b of feature j when `codes[j][row]` ≤ b, which is when its number is at most
 *  `splits[j][b]`. */
export interface Binned {
  readonly rowCount: number;
  readonly codes: readonly Uint8Array[];
  /** Ascending numbers between bins: one less than there are bins. */
  readonly splits: readonly Float64Array[];
}

/** Cuts each feature between its distinct values, or at its quantiles when there are more than `maxBins`, with the digits that leave.
 *  @throws RangeError when a number is not finite */
export function binMatrix(matrix: Matrix, { maxBins = MAX_BINS, minBinRows = 1 }: BinOptions = {}): Binned {
  const splits = matrix.columns.map((column) => {
    const sorted = Float64Array.from(column).sort();
    const cuts = cutsOf(sorted, maxBins, "at-most").map((cut) => Number(cut.toPrecision(THRESHOLD_DIGITS)));
    return spaced(sorted, cuts, minBinRows);
  });
  const codes = matrix.columns.map((column, j) => codesOf(column, splits[j] ?? new Float64Array(0)));
  return { rowCount: matrix.rowCount, codes, splits };
}

/** Which rows are left of a cut: those at most as large, as trees have it, or those below, as bins of a scorecard have it. */
export type LeftOf = "at-most" | "below";

/** Ascending cuts of `sorted` numbers into at most `maxBins` bins: between neighbours when there are so few distinct ones, else
 *  near quantiles. A cut is the number with the fewest digits that does: the guard keeps 4, and no cut need be the number of
 *  one row. @throws RangeError when a number is not finite */
export function cutsOf(sorted: Float64Array, maxBins: number, leftOf: LeftOf): Float64Array {
  // NaN is sorted behind all numbers.
  if (!Number.isFinite(sorted[0] ?? 0) || !Number.isFinite(sorted.at(-1) ?? 0)) {
    throw new RangeError("a number is not finite");
  }
  const starts: number[] = [];
  for (let i = 1; i < sorted.length && starts.length < maxBins; i++) if (sorted[i] !== sorted[i - 1]) starts.push(i);
  const round = (i: number, j: number): number => roundestBetween(sorted[i - 1] ?? 0, sorted[j] ?? 0, leftOf);
  if (starts.length < maxBins) return Float64Array.from(starts, (i) => round(i, i));
  const size = sorted.length / maxBins;
  const cuts: number[] = [];
  let last = 0;
  for (let bin = 1; bin < maxBins; bin++) {
    // The first row of another value from the quantile on; a quarter of a bin further is as good.
    let i = Math.max(last + 1, Math.floor(bin * size));
    while (i < sorted.length && sorted[i] === sorted[i - 1]) i++;
    if (i >= sorted.length) break;
    const cut = round(i, Math.min(sorted.length - 1, i + Math.floor(size / 4)));
    cuts.push(cut);
    for (last = i; last < sorted.length && isLeft(sorted[last] ?? 0, cut, leftOf);) last++;
  }
  return Float64Array.from(cuts);
}

/** Those of ascending `cuts` between which there are enough of the `sorted` numbers. */
function spaced(sorted: Float64Array, cuts: Float64Array, minBinRows: number): Float64Array {
  let [before, left] = [0, 0];
  return cuts.filter((cut) => {
    while (left < sorted.length && (sorted[left] ?? 0) <= cut) left++;
    if (left - before < minBinRows || sorted.length - left < minBinRows) return false;
    before = left;
    return true;
  });
}

function isLeft(value: number, cut: number, leftOf: LeftOf): boolean {
  return leftOf === "at-most" ? value <= cut : value < cut;
}

/** The number with the fewest digits that has `low` on its left and `high` on its right. */
function roundestBetween(low: number, high: number, leftOf: LeftOf): number {
  const middle = low + (high - low) / 2;
  for (let digits = 1; digits <= 16; digits++) {
    const rounded = Number(middle.toPrecision(digits));
    if (isLeft(low, rounded, leftOf) && !isLeft(high, rounded, leftOf)) return rounded;
  }
  return leftOf === "at-most" ? low : high;
}

function codesOf(column: Float64Array, splits: Float64Array): Uint8Array {
  const codes = new Uint8Array(column.length);
  for (let i = 0; i < codes.length; i++) {
    const value = column[i] ?? 0;
    let low = 0;
    let high = splits.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value > (splits[middle] ?? 0)) low = middle + 1;
      else high = middle;
    }
    codes[i] = low;
  }
  return codes;
}

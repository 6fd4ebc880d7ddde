/** How many numbers a statistic over several domains adds up, and how large each can become: from the plan alone, so that
 *  every party knows before anything is sent that no sum wraps around.
 *  @module */
import type { AggregateColumn, AggregatePlan, AggregateStatistic } from "./aggregate-plan.ts";

/** Prime fields that sums are taken in: Mersenne primes, whose elements have 8 or 16 bytes. */
export const AGGREGATE_FIELDS = {
  "2^61-1": { modulus: 2n ** 61n - 1n, bits: 61, bytes: 8 },
  "2^127-1": { modulus: 2n ** 127n - 1n, bits: 127, bytes: 16 },
} as const;

/** Noise of one party beyond so many of its standard deviations is drawn again: a chance below 2^-250. */
export const AGGREGATE_NOISE_DEVIATIONS = 20n;
/** Least variance of one party's noise. From here on a discrete Gaussian has the variance that it is asked for, and a sum of 32
 *  differs from one by less than 2^-200. */
export const MIN_AGGREGATE_NOISE_SHARE = 16n;
/** Largest number that one row adds to one element: sums of a few rows stay exact in doubles. */
export const MAX_AGGREGATE_ROW_VALUE = 2 ** 50;

/** Largest magnitude of the whole number that stands for a value of `column`. */
export function largestOf({ low, high, scale }: AggregateColumn): number {
  return Math.ceil(Math.max(Math.abs(low), Math.abs(high)) * scale);
}

/** The most, by magnitude, that one row adds to each element of the vector, in the order of the elements. */
export function aggregateRowBounds(statistic: AggregateStatistic): number[] {
  switch (statistic.kind) {
    case "count":
      return [1];
    case "sum":
      return statistic.columns.map(largestOf);
    case "mean":
      return [1, ...statistic.columns.map(largestOf)];
    case "variance":
      return [1, ...statistic.columns.map(largestOf), ...statistic.columns.map((column) => largestOf(column) ** 2)];
    case "histogram":
      return Array.from({ length: statistic.edges.length + 1 }, () => 1);
    case "categories":
      return Array.from({ length: statistic.values.length + 1 }, () => 1);
    case "normal-equations": {
      const large = [1, ...statistic.features.map(largestOf), largestOf(statistic.target)];
      return large.flatMap((a, row) => large.slice(row).map((b) => a * b));
    }
    case "logistic-gradient": {
      const { features, clip, scale } = statistic;
      return [1, ...Array.from({ length: features.length + 2 }, () => Math.ceil(clip * scale))];
    }
  }
}

/** Variance of the noise that one party adds: as many parties as are honest among the fewest survivors add up to the plan's.
 *  Exact: numerator / denominator; null without noise. */
export function aggregateNoiseShare(plan: AggregatePlan): { numerator: bigint; denominator: bigint } | null {
  if (plan.noise === undefined) return null;
  const [whole = "0", fraction = ""] = plan.noise.variance.split(".");
  return {
    numerator: BigInt(whole + fraction),
    denominator: 10n ** BigInt(fraction.length) * BigInt(plan.threshold - plan.colluding),
  };
}

/** The most, by magnitude, that the noise of one party is. */
export function aggregateNoiseBound(plan: AggregatePlan): bigint {
  const share = aggregateNoiseShare(plan);
  if (share === null) return 0n;
  let deviation = 1n;
  while (deviation * deviation * share.denominator < share.numerator) deviation *= 2n;
  return deviation * AGGREGATE_NOISE_DEVIATIONS;
}

/** The most, by magnitude, that any element of the sum over all parties is, noise included. */
export function aggregateSumBound(plan: AggregatePlan): bigint {
  const largest = aggregateRowBounds(plan.statistic).reduce((most, bound) => Math.max(most, bound), 0);
  return (
    BigInt(plan.parties.length) * (BigInt(Math.ceil(largest)) * BigInt(plan.rowsAtMost) + aggregateNoiseBound(plan))
  );
}

/** The square of the most that one row changes the vector by, in the Euclidean norm: what noise has to hide. */
export function aggregateSensitivitySquared(statistic: AggregateStatistic): bigint {
  if (statistic.kind === "histogram" || statistic.kind === "categories") return 1n;
  if (statistic.kind !== "logistic-gradient") return sumOfSquares(aggregateRowBounds(statistic));
  // A gradient is cut to its length, and then rounded: by half a unit in each of its elements.
  const length = statistic.clip * statistic.scale;
  const rounded = Math.ceil(length + Math.sqrt(statistic.weights.length) / 2);
  return sumOfSquares([1, Math.ceil(length), rounded]);
}

function sumOfSquares(values: readonly number[]): bigint {
  return values.reduce((sum, value) => sum + BigInt(Math.ceil(value)) ** 2n, 0n);
}

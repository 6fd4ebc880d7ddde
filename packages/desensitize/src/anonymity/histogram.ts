/** Persons by value of a sensitive column in one class, and what follows from them: entropy (l-diversity, Machanavajjhala et
 *  al. 2007) and the distance from the whole table (t-closeness, Li et al. 2007).
 *  @module */

/** Persons by value of one class. */
export class Histogram {
  readonly counts: Float64Array;
  /** Values that are there. */
  readonly values: number[] = [];
  total = 0;

  constructor(size: number) {
    this.counts = new Float64Array(size);
  }

  add(value: number, weight: number): void {
    if (this.counts[value] === 0) this.values.push(value);
    this.counts[value] = (this.counts[value] ?? 0) + weight;
    this.total += weight;
  }

  clear(): void {
    for (const value of this.values) this.counts[value] = 0;
    this.values.length = 0;
    this.total = 0;
  }

  share(value: number): number {
    return (this.counts[value] ?? 0) / this.total;
  }

  entropy(): number {
    return this.values.reduce((sum, value) => sum - this.share(value) * Math.log(this.share(value)), 0);
  }
}

/** Distribution of the whole table, cumulative, and the sums of that. */
export interface Whole {
  readonly share: Float64Array;
  /** `cumulative[i]` = share of the values below i. */
  readonly cumulative: Float64Array;
  /** `sums[i]` = cumulative[1] + … + cumulative[i]. */
  readonly sums: Float64Array;
}

/** The cumulative shares of `share`. */
export function cumulate(share: Float64Array): Whole {
  const cumulative = new Float64Array(share.length + 1);
  const sums = new Float64Array(share.length + 1);
  for (const [i, part] of share.entries()) {
    cumulative[i + 1] = (cumulative[i] ?? 0) + part;
    sums[i + 1] = (sums[i] ?? 0) + (cumulative[i + 1] ?? 0);
  }
  return { share, cumulative, sums };
}

/** Distance when values only differ: half the sum of the differences. */
export function equalDistance(histogram: Histogram, { share }: Whole): number {
  let there = 0;
  let sum = 0;
  for (const value of histogram.values) {
    there += share[value] ?? 0;
    sum += Math.abs(histogram.share(value) - (share[value] ?? 0));
  }
  return (sum + Math.max(0, 1 - there)) / 2;
}

/** Distance when values have an order: the sum of the differences of the cumulative shares, over the number of steps. Between two values that the class has its own
 *  cumulative share is constant, so that a stretch costs one binary search. */
export function orderedDistance(histogram: Histogram, whole: Whole): number {
  const size = whole.share.length;
  if (size < 2) return 0;
  const values = Float64Array.from(histogram.values).sort();
  let own = 0;
  let sum = stretch(whole, 0, 0, (values[0] ?? size) - 1);
  for (const [i, value] of values.entries()) {
    own += histogram.share(value);
    sum += stretch(whole, own, value, (values[i + 1] ?? size) - 1);
  }
  return sum / (size - 1);
}

/** Sum of |own - cumulative[i + 1]| for i from `first` to `last`, where cumulative only rises. */
function stretch({ cumulative, sums }: Whole, own: number, first: number, last: number): number {
  if (last < first) return 0;
  let low = first + 1;
  let high = last + 2;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((cumulative[middle] ?? 0) <= own) low = middle + 1;
    else high = middle;
  }
  const below = low - (first + 1);
  const above = last + 2 - low;
  const sumBelow = (sums[low - 1] ?? 0) - (sums[first] ?? 0);
  const sumAbove = (sums[last + 1] ?? 0) - (sums[low - 1] ?? 0);
  return own * below - sumBelow + sumAbove - own * above;
}

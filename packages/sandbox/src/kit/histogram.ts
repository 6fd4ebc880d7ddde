/** Sums of residuals by feature and bin.
 *  @module */
import type { Binned } from "./bins.ts";

/** The bins of all features behind one another; feature j begins at `offsets[j]`. */
export interface Histogram {
  readonly offsets: Uint32Array;
  readonly counts: Uint32Array;
  readonly residuals: Float64Array;
  readonly weights: Float64Array;
}

/** An empty histogram. */
export function histogramOf({ splits }: Binned): Histogram {
  const offsets = new Uint32Array(splits.length);
  let bins = 0;
  for (const [j, own] of splits.entries()) {
    offsets[j] = bins;
    bins += own.length + 1;
  }
  return {
    offsets,
    counts: new Uint32Array(bins),
    residuals: new Float64Array(bins),
    weights: new Float64Array(bins),
  };
}

/** Adds `rows`. */
export function fillHistogram(
  { offsets, counts, residuals, weights }: Histogram,
  { codes }: Binned,
  { residual, weight }: { readonly residual: Float64Array; readonly weight: Float64Array },
  rows: Uint32Array,
): void {
  for (const [j, own] of codes.entries()) {
    const offset = offsets[j] ?? 0;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] ?? 0;
      const bin = offset + (own[row] ?? 0);
      counts[bin] = (counts[bin] ?? 0) + 1;
      residuals[bin] = (residuals[bin] ?? 0) + (residual[row] ?? 0);
      weights[bin] = (weights[bin] ?? 0) + (weight[row] ?? 0);
    }
  }
}

/** Takes `part` away. */
export function subtractHistogram(from: Histogram, part: Histogram): void {
  for (let bin = 0; bin < from.counts.length; bin++) {
    from.counts[bin] = (from.counts[bin] ?? 0) - (part.counts[bin] ?? 0);
    from.residuals[bin] = (from.residuals[bin] ?? 0) - (part.residuals[bin] ?? 0);
    from.weights[bin] = (from.weights[bin] ?? 0) - (part.weights[bin] ?? 0);
  }
}

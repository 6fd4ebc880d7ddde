/** The means of one cell that may be shown together, and beside what earlier tables showed.
 *  @module */
import { ShownMeasure } from "./near-copy.ts";
import { roundToDigits } from "./rounding.ts";
import { safeMean } from "./safe-mean.ts";

/** Significant digits of a mean. */
export const MEAN_DIGITS = 3;

/** Rounded means by measure: of each in turn, unless it says too much of somebody, alone or beside one before it.
 *  @param measures Values of the cell's rows, by name
 *  @param isFar Whether the mean of some values may be shown beside what was shown earlier; asked only of those that else are */
export function cellMeans(
  measures: readonly (readonly [name: string, values: Float64Array])[],
  { subjects, sums }: { readonly subjects: Uint32Array; readonly sums: Float64Array },
  isFar: (values: Float64Array) => boolean,
): Record<string, number> {
  const means: Record<string, number> = {};
  const others: ShownMeasure[] = [];
  for (const [name, values] of measures) {
    const mean = safeMean(values, subjects, sums);
    if (mean === null || others.some((other) => other.isNear(values)) || !isFar(values)) continue;
    means[name] = roundToDigits(mean, MEAN_DIGITS);
    if (measures.length > 1) others.push(new ShownMeasure(values, subjects));
  }
  return means;
}

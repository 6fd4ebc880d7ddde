/** Means, quantiles and correlations of the numbers of a batch; rows without a number are left out.
 *  @module */
import { isValid, type Column } from "@sluice/protocol";

/** Quantiles that are compared. */
export const QUANTILES = [0.1, 0.25, 0.5, 0.75, 0.9] as const;

/** Whether a column holds numbers: booleans are 0 and 1. */
export function isNumeric({ type }: Column): boolean {
  return type !== "dict";
}

/** Mean and QUANTILES of a numeric column, between neighbours linearly; null without a number. */
export function summaryOf(column: Column, rowCount: number): { mean: number; quantiles: number[] } | null {
  const numbers = new Float64Array(rowCount);
  let [count, sum] = [0, 0];
  for (let row = 0; row < rowCount; row++) {
    if (!isValid(column, row)) continue;
    const value = column.values[row] ?? 0;
    numbers[count++] = value;
    sum += value;
  }
  if (count === 0) return null;
  const sorted = numbers.subarray(0, count).sort();
  const quantiles = QUANTILES.map((share) => {
    const at = share * (count - 1);
    const low = sorted[Math.floor(at)] ?? 0;
    return low + (at - Math.floor(at)) * ((sorted[Math.ceil(at)] ?? low) - low);
  });
  return { mean: sum / count, quantiles };
}

/** Pearson correlation of two numeric columns over the rows that have both; null when one of them does not vary. */
export function correlationOf(a: Column, b: Column, rowCount: number): number | null {
  let [n, meanA, meanB, varA, varB, both] = [0, 0, 0, 0, 0, 0];
  for (let row = 0; row < rowCount; row++) {
    if (!isValid(a, row) || !isValid(b, row)) continue;
    n++;
    const [x, y] = [a.values[row] ?? 0, b.values[row] ?? 0];
    const [dx, dy] = [x - meanA, y - meanB];
    meanA += dx / n;
    meanB += dy / n;
    varA += dx * (x - meanA);
    varB += dy * (y - meanB);
    both += dx * (y - meanB);
  }
  const scale = Math.sqrt(varA * varB);
  return scale > 0 ? Math.max(-1, Math.min(1, both / scale)) : null;
}

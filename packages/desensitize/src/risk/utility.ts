/** What a sample is worth beside what it risks.
 *
 *  The fidelity score is a share of distributions that a developer can rely on:
 *
 *      fidelity = (1 - suppressed) · mean over columns (1 - max(distance, |missing in sample - missing in table|))
 *                                 · (1 - mean |ρ sample - ρ table| / 2)
 *
 *  The last factor is 1 without a pair of numbers. 1 is a sample in which each column, each pair of numbers and each row is as
 *  in the table after the same transforms. It says nothing of what the transforms took away: that is `entropyKept`.
 *  @module */
import type { ColumnUtility, RiskReport } from "@sluice/protocol";
import type { Classes } from "./classes.ts";

/** What was compared with the whole table. */
export interface TableUtility {
  readonly columns: ColumnUtility[];
  readonly correlation?: NonNullable<RiskReport["utility"]["correlation"]> | undefined;
}

/** Figures of the classes: each by rows. */
export function classUtility(
  { ofRow, count }: Pick<Classes, "ofRow" | "count">,
  { k, suppressedRows, drawnRows }: { readonly k: number; readonly suppressedRows: number; readonly drawnRows: number },
): { discernibility: number; averageClass: number } {
  const rows = new Float64Array(count);
  for (const number of ofRow) rows[number] = (rows[number] ?? 0) + 1;
  const squares = rows.reduce((sum, n) => sum + n * n, 0);
  return {
    discernibility: squares + suppressedRows * drawnRows,
    averageClass: count === 0 ? 0 : ofRow.length / (count * k),
  };
}

/** The score, 0 to 1. Columns without a distance do not count. */
export function fidelity({ columns, correlation }: TableUtility, suppressedShare: number): number {
  const kept = columns.flatMap(({ distance, missing }) =>
    distance === undefined ? [] : [1 - Math.max(distance, Math.abs(missing.sample - missing.table))],
  );
  const alike = kept.length === 0 ? 1 : kept.reduce((sum, share) => sum + share, 0) / kept.length;
  return (1 - suppressedShare) * alike * (1 - (correlation?.mean ?? 0) / 2);
}

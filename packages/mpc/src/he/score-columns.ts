/** What callers of scoring give: columns of numbers, checked before anything is encrypted.
 *  @module */
import { SluiceError } from "@sluice/protocol";

/** Columns by feature name, equally long: one value per row. */
export type ScoreColumns = Readonly<Record<string, Float64Array>>;

/** Values that a column may have. */
export interface FeatureBounds {
  readonly name: string;
  readonly low: number;
  readonly high: number;
}

/** The number of rows.
 *  @throws ERR_SCORE_ROWS; ERR_SCORE_INPUT when a column is missing, uneven, empty, or has a value that is not a finite number within
 *  its bounds. */
export function checkColumns(columns: ScoreColumns, features: readonly FeatureBounds[], maxRows: number): number {
  const rows = columns[features[0]?.name ?? ""]?.length ?? 0;
  if (rows > maxRows) throw new SluiceError("ERR_SCORE_ROWS", { rows, maxRows });
  for (const { name, low, high } of features) {
    const column = Object.hasOwn(columns, name) ? columns[name] : undefined;
    if (column === undefined) throw refused(name, "it is missing");
    if (column.length === 0) throw refused(name, "it has no rows");
    if (column.length !== rows) throw refused(name, "it has another number of rows");
    // Written so that NaN is refused as well.
    if (!column.every((value) => value >= low && value <= high)) {
      throw refused(
        name,
        `a value is not a number ${low === -high ? `within ±${high}` : `between ${low} and ${high}`}`,
      );
    }
  }
  return rows;
}

function refused(feature: string, reason: string): SluiceError {
  return new SluiceError("ERR_SCORE_INPUT", { feature, reason });
}

/** Levels of dictionary columns that may be named in a released model.
 *  @module */
import { isValid, type ColumnBatch } from "@sluice/protocol";
import { MIN_CELL_ROWS } from "./labels.ts";

/** Values of each dictionary column of `batch` that at least `minimumRows` rows have, for `DomainFacts.levels`. */
export function featureLevels(batch: ColumnBatch, minimumRows: number = MIN_CELL_ROWS): Record<string, string[]> {
  const levels: [string, string[]][] = [];
  for (const [name, column] of Object.entries(batch.columns)) {
    if (column.type !== "dict") continue;
    const counts = new Map<string, number>();
    for (let row = 0; row < batch.rowCount; row++) {
      if (!isValid(column, row)) continue;
      const text = column.dictionary[column.values[row] ?? 0] ?? "";
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
    const frequent = [...counts].filter(([, rows]) => rows >= minimumRows).map(([text]) => text);
    levels.push([name, frequent.sort()]);
  }
  return Object.fromEntries(levels);
}

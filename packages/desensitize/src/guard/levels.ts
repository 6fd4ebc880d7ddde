/** Levels of dictionary columns that may be named in a released model.
 *  @module */
import { isValid, type ColumnBatch } from "@sluice/protocol";
import { SubjectThreshold } from "./subjects.ts";

/** Values of each dictionary column of `batch` that at least MIN_CELL_SUBJECTS persons or things have, for
 *  `DomainFacts.levels`. `subjects[i]` is the number of whom row i is about; without it, each row is about another. */
export function featureLevels(batch: ColumnBatch, subjects?: Uint32Array): Record<string, string[]> {
  const levels: [string, string[]][] = [];
  for (const [name, column] of Object.entries(batch.columns)) {
    if (column.type !== "dict") continue;
    const having = new Map<string, SubjectThreshold>();
    for (let row = 0; row < batch.rowCount; row++) {
      if (!isValid(column, row)) continue;
      const text = column.dictionary[column.values[row] ?? 0] ?? "";
      let threshold = having.get(text);
      if (threshold === undefined) having.set(text, (threshold = new SubjectThreshold()));
      threshold.add(subjects === undefined ? row : (subjects[row] ?? 0));
    }
    const frequent = [...having].filter(([, { reached }]) => reached).map(([text]) => text);
    levels.push([name, frequent.sort()]);
  }
  return Object.fromEntries(levels);
}

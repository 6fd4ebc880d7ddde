/** Rows to train on and rows to test with: by row, or so that no group is on both sides.
 *  @module */
import { isColumn, type KitValues } from "./groups.ts";
import { present } from "./features.ts";
import type { Rng } from "./rng.ts";

/** Marks about `fraction` of the rows with 1, the others with 0. */
export function splitRows(rowCount: number, fraction: number, rng: Rng): Uint8Array {
  const marks = new Uint8Array(rowCount);
  for (let i = 0; i < rowCount; i++) marks[i] = rng.uniform() < fraction ? 1 : 0;
  return marks;
}

/** Marks the rows of about `fraction` of the groups with 1, the others with 0: rows of one group (a household, a firm, a month)
 *  are alike, and a test on rows of groups that were trained on says too much good. Rows without a group are one group. */
export function splitGroups(groups: KitValues, fraction: number, rng: Rng): Uint8Array {
  const column = isColumn(groups) ? groups : null;
  const values = column === null ? (groups as ArrayLike<number>) : column.values;
  const marks = new Map<number, number>();
  return Uint8Array.from({ length: values.length }, (_, row) => {
    const group = column === null || present(column, row) ? (values[row] ?? Number.NaN) : Number.NaN;
    let mark = marks.get(group);
    if (mark === undefined) marks.set(group, (mark = rng.uniform() < fraction ? 1 : 0));
    return mark;
  });
}

/** Differencing: of two tables over nearly the same persons, the difference is about those few in one alone. The cells of a
 *  new table are held against every number that earlier tables of the same source showed, whatever these grouped by, under
 *  whichever scene, snapshot or consent, and so is each with one other number added or taken away. A heuristic: sums of more
 *  numbers are not tried.
 *  @module */
import type { NearSets } from "./near-sets.ts";
import type { NearSums } from "./near-sums.ts";
import { shownGroups, type CellRange, type TableSets } from "./shown-sets.ts";

/** Times that a cell is taken out of a total that is too near before the table is given up: each reads every row again. */
const MAX_ROUNDS = 16;

/** Those of `cells` that may be listed together beside what was shown before, and what is then shown. None when nothing
 *  that is left is far enough. */
export function farEnough<T extends CellRange>(
  cells: readonly T[],
  sets: TableSets,
  before: { readonly sets: NearSets; readonly sums: NearSums },
): { readonly cells: readonly T[]; readonly shown: Uint32Array[] } {
  const alone = new Map(cells.map((cell) => [cell, sets.ofCount([cell])]));
  const setOf = (group: readonly T[]): Uint32Array => {
    const [only] = group;
    return (group.length === 1 && only !== undefined ? alone.get(only) : undefined) ?? sets.ofCount(group);
  };
  let left = cells.filter((cell) => !before.sets.isNear(setOf([cell])));
  for (let round = 0; round < MAX_ROUNDS && left.length > 0; round++) {
    const groups = shownGroups(left).map((places) => places.flatMap((place) => left[place] ?? []));
    const shown = groups.map((group) => setOf(group));
    // Cells alone were looked up before.
    const single = groups.find((group, i) => group.length > 1 && before.sets.isNear(shown[i] ?? setOf(group)));
    const near = single ?? before.sums.near(shown)?.flatMap((place) => groups[place] ?? []);
    if (near === undefined) return { cells: left, shown };
    // Of totals that are too near, the smallest cell goes.
    const smallest = near.reduce((least, cell) => (cell.to - cell.from < least.to - least.from ? cell : least));
    left = left.filter((cell) => cell !== smallest);
  }
  return { cells: [], shown: [] };
}

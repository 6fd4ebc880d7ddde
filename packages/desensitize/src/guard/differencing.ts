/** Differencing: of two tables over nearly the same persons, the difference is about those few in one alone. The cells of a
 *  new table are held against every number that earlier tables of the same source showed, whatever these grouped by, under
 *  whichever scene, snapshot or consent. A heuristic: sums of several shown numbers are not tried.
 *  @module */
import { SET_WORDS, differInFew, shownGroups, type CellRange, type TableSets } from "./shown-sets.ts";
import { MIN_CELL_SUBJECTS } from "./subjects.ts";

/** Times that a cell is taken out of a total that is too near before the table is given up: each reads every row again. */
const MAX_ROUNDS = 16;

/** Numbers that earlier tables showed, in the order of how many persons are behind them. */
export class ShownBefore {
  readonly #sets: Uint32Array[];

  /** @param words Sets one after another; a remainder that is no set is left out */
  constructor(words: Uint32Array) {
    this.#sets = Array.from({ length: Math.floor(words.length / SET_WORDS) }, (_, i) =>
      words.subarray(i * SET_WORDS, (i + 1) * SET_WORDS),
    ).sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
  }

  get isEmpty(): boolean {
    return this.#sets.length === 0;
  }

  /** Whether one of them, of the same kind, differs from `set` in fewer than MIN_CELL_SUBJECTS persons, and in some. */
  isNear(set: Uint32Array): boolean {
    const persons = set[0] ?? 0;
    for (let i = this.#firstOf(persons - MIN_CELL_SUBJECTS + 1); i < this.#sets.length; i++) {
      const other = this.#sets[i];
      if (other === undefined || (other[0] ?? 0) >= persons + MIN_CELL_SUBJECTS) return false;
      if (differInFew(set, other, MIN_CELL_SUBJECTS)) return true;
    }
    return false;
  }

  #firstOf(persons: number): number {
    let [low, high] = [0, this.#sets.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sets[middle]?.[0] ?? 0) < persons) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Those of `cells` that may be listed together beside what was shown before, and what is then shown. None when nothing
 *  that is left is far enough. */
export function farEnough<T extends CellRange>(
  cells: readonly T[],
  sets: TableSets,
  before: ShownBefore,
): { readonly cells: readonly T[]; readonly shown: Uint32Array[] } {
  const digest = (some: readonly T[]): Uint32Array => sets.ofCount(some);
  const single = new Map(cells.map((cell) => [cell, digest([cell])]));
  let left = cells.filter((cell) => !before.isNear(single.get(cell) ?? digest([cell])));
  for (let round = 0; round < MAX_ROUNDS && left.length > 0; round++) {
    const groups = shownGroups(left).map((places) => places.flatMap((place) => left[place] ?? []));
    const shown = groups.map((group) => {
      const [only] = group;
      return (group.length === 1 && only !== undefined ? single.get(only) : undefined) ?? digest(group);
    });
    const near = groups.find((_, i) => before.isNear(shown[i] ?? new Uint32Array(SET_WORDS)));
    if (near === undefined) return { cells: left, shown };
    // Of a total that is too near, its smallest cell goes.
    const smallest = near.reduce((least, cell) => (cell.to - cell.from < least.to - least.from ? cell : least));
    left = left.filter((cell) => cell !== smallest);
  }
  return { cells: [], shown: [] };
}

/** Sets one after another, as they are kept. */
export function joinedSets(sets: readonly Uint32Array[]): Uint32Array {
  const words = new Uint32Array(sets.length * SET_WORDS);
  for (const [i, set] of sets.entries()) words.set(set, i * SET_WORDS);
  return words;
}

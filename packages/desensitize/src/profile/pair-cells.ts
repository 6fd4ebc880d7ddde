/** How two columns hang together, as far as it may be shown: cells of enough persons, and as many hidden beside each
 *  small one that no row and no column gives it away as a difference. A heuristic: against a published table with equal
 *  margins, bounds of a hidden cell can be computed, and they can be narrow.
 *  @module */
import type { PairProfile } from "@sluice/protocol";
import { roundPersons } from "./threshold.ts";

/** Persons that have bin `x` of one column and bin `y` of the other, exactly; REST_BIN stands for the rest. */
export interface PairCell {
  readonly x: number;
  readonly y: number;
  readonly persons: number;
}

/** The cells that may be shown, by bin, rounded. */
export function shownCells(cells: readonly PairCell[], minimum: number): PairProfile["cells"] {
  const hidden = new Set(cells.filter(({ persons }) => persons > 0 && persons < minimum));
  for (let grown = true; grown;) {
    grown = false;
    for (const side of ["x", "y"] as const) {
      for (const line of Map.groupBy(cells, (cell) => cell[side]).values()) {
        const next = complement(line, hidden, minimum);
        if (next === null) continue;
        hidden.add(next);
        grown = true;
      }
    }
  }
  return cells
    .filter((cell) => cell.persons > 0 && !hidden.has(cell))
    .toSorted((a, b) => a.x - b.x || a.y - b.y)
    .map(({ x, y, persons }) => [x, y, roundPersons(persons)]);
}

/** The smallest shown cell of a line whose hidden ones would be known from its sum; null when they are safe, or all hidden. */
function complement(line: readonly PairCell[], hidden: ReadonlySet<PairCell>, minimum: number): PairCell | null {
  const own = line.filter((cell) => hidden.has(cell));
  const sum = own.reduce((total, { persons }) => total + persons, 0);
  if (own.length === 0 || (own.length > 1 && sum >= minimum)) return null;
  const shown = line.filter((cell) => cell.persons > 0 && !hidden.has(cell));
  return shown.toSorted((a, b) => a.persons - b.persons || a.x - b.x || a.y - b.y)[0] ?? null;
}

/** Mutual information of the two columns, in nats. */
export function mutualInformation(cells: readonly PairCell[]): number {
  const total = cells.reduce((sum, { persons }) => sum + persons, 0);
  const sums = (side: "x" | "y"): Map<number, number> => {
    const of = new Map<number, number>();
    for (const cell of cells) of.set(cell[side], (of.get(cell[side]) ?? 0) + cell.persons);
    return of;
  };
  const [xs, ys] = [sums("x"), sums("y")];
  return cells.reduce((sum, { x, y, persons }) => {
    if (persons === 0) return sum;
    return sum + (persons / total) * Math.log((persons * total) / ((xs.get(x) ?? 0) * (ys.get(y) ?? 0)));
  }, 0);
}

/** Two columns, by index, and how much one says of the other. */
export interface WeightedPair {
  readonly a: number;
  readonly b: number;
  readonly weight: number;
}

/** The pairs of the tree (or trees) with the largest total weight (Chow and Liu 1968), from pairs of positive weight. */
export function spanningTree<T extends WeightedPair>(pairs: readonly T[]): T[] {
  const parents = new Map<number, number>();
  const rootOf = (node: number): number => {
    let root = node;
    for (let next = parents.get(root); next !== undefined; next = parents.get(root)) root = next;
    return root;
  };
  return pairs
    .filter(({ weight }) => weight > 0)
    .toSorted((p, q) => q.weight - p.weight || p.a - q.a || p.b - q.b)
    .filter(({ a, b }) => {
      const [from, to] = [rootOf(a), rootOf(b)];
      if (from === to) return false;
      parents.set(from, to);
      return true;
    });
}

/** Columns that hang together as a tree: each outcome is drawn given that of the column's parent. The joint table of a
 *  pair is what was published of it, with the hidden rest spread so that both margins are those of the columns (iterative
 *  proportional fitting, Deming and Stephan 1940).
 *  @module */
import { REST_BIN, type PairProfile } from "@sluice/protocol";
import { spanningTree } from "../profile/pair-cells.ts";
import type { ProfiledColumn } from "./outcomes.ts";
import type { RowRng } from "./rng.ts";

/** Rounds of fitting; margins are met to far less than a person. */
const FITTING_ROUNDS = 60;

/** The parent of a column, and the weights of the column's pair bins for each pair bin of the parent. */
export interface Edge {
  readonly parent: string;
  readonly weights: ReadonlyMap<number, ReadonlyMap<number, number>>;
}

/** For each column that has a parent, the edge to it. Pairs that would close a circle, or name unknown columns, are left out. */
export function pairTree(
  columns: ReadonlyMap<string, ProfiledColumn>,
  pairs: readonly PairProfile[],
): Map<string, Edge> {
  const names = [...columns.keys()];
  const known = pairs.flatMap((pair, i) => {
    const [a, b] = [names.indexOf(pair.x), names.indexOf(pair.y)];
    return a < 0 || b < 0 || a === b ? [] : [{ a, b, weight: pairs.length - i, pair }];
  });
  const tree = spanningTree(known);
  const edges = new Map<string, Edge>();
  const reached = new Set<string>();
  for (const root of names) {
    const queue = reached.has(root) ? [] : [root];
    for (let parent = queue.shift(); parent !== undefined; parent = queue.shift()) {
      reached.add(parent);
      for (const { pair } of tree) {
        const child = pair.x === parent ? pair.y : pair.y === parent ? pair.x : null;
        if (child === null || reached.has(child) || edges.has(child)) continue;
        const [from, to] = [columns.get(parent), columns.get(child)];
        if (from === undefined || to === undefined) continue;
        const cells = pair.cells.map(([x, y, persons]) => (pair.x === parent ? [x, y, persons] : [y, x, persons]));
        edges.set(child, { parent, weights: fitted(cells, marginOf(from), marginOf(to)) });
        queue.push(child);
      }
    }
  }
  return edges;
}

/** The outcome of a column for each row; `parents` are those of its parent. */
export function drawOutcomes(
  column: ProfiledColumn,
  edge: { readonly edge: Edge; readonly from: ProfiledColumn; readonly parents: Uint16Array } | null,
  rows: number,
  rng: RowRng,
): Uint16Array {
  const all = picker(column.weights.map((weight, outcome) => [outcome, weight]));
  const inBin = new Map(
    [...new Set(column.pairBins)].map((bin) => {
      const own = column.weights.map((weight, i): [number, number] => [i, column.pairBins[i] === bin ? weight : 0]);
      return [bin, picker(own)];
    }),
  );
  const given = new Map([...(edge?.edge.weights ?? [])].map(([bin, weights]) => [bin, picker([...weights])]));
  return Uint16Array.from({ length: rows }, (_, row) => {
    const [first, second] = [rng.uniform(), rng.uniform()];
    const parent = edge === null ? undefined : edge.from.pairBins[edge.parents[row] ?? 0];
    const bin = parent === undefined ? null : (given.get(parent)?.(first) ?? null);
    const own = bin === null ? null : (inBin.get(bin)?.(second) ?? null);
    return own ?? all(first) ?? 0;
  });
}

function marginOf({ weights, pairBins }: ProfiledColumn): Map<number, number> {
  const margin = new Map<number, number>();
  for (const [i, weight] of weights.entries()) {
    const bin = pairBins[i] ?? REST_BIN;
    margin.set(bin, (margin.get(bin) ?? 0) + weight);
  }
  return margin;
}

/** The joint table by rows: published cells, the hidden rest by what the margins leave, then fitted to both margins. */
function fitted(
  cells: readonly (readonly number[])[],
  rows: ReadonlyMap<number, number>,
  columns: ReadonlyMap<number, number>,
): Map<number, Map<number, number>> {
  const [xs, ys] = [[...rows.keys()], [...columns.keys()]];
  const total = sum(rows.values());
  const scale = total / sum(columns.values());
  const target = ys.map((y) => (columns.get(y) ?? 0) * scale);
  const listed = new Map(cells.map(([x, y, persons]) => [`${x} ${y}`, persons ?? 0]));
  const shown = xs.map((x) => ys.map((y) => listed.get(`${x} ${y}`) ?? 0));
  const rowRest = xs.map((x, i) => Math.max(0, (rows.get(x) ?? 0) - sum(shown[i] ?? [])));
  const columnRest = ys.map((_, j) => Math.max(0, (target[j] ?? 0) - sum(shown.map((line) => line[j] ?? 0))));
  const hidden = Math.max(1, sum(columnRest));
  const joint = shown.map((line, i) =>
    line.map((persons, j) => (persons > 0 ? persons : 1e-6 + ((rowRest[i] ?? 0) * (columnRest[j] ?? 0)) / hidden)),
  );
  for (let round = 0; round < FITTING_ROUNDS; round++) {
    for (const [j, wanted] of target.entries()) {
      const factor = ratio(wanted, sum(joint.map((line) => line[j] ?? 0)));
      for (const line of joint) line[j] = (line[j] ?? 0) * factor;
    }
    for (const [i, line] of joint.entries()) {
      const factor = ratio(rows.get(xs[i] ?? 0) ?? 0, sum(line));
      for (const j of line.keys()) line[j] = (line[j] ?? 0) * factor;
    }
  }
  return new Map(xs.map((x, i) => [x, new Map(ys.map((y, j) => [y, joint[i]?.[j] ?? 0]))]));
}

/** Finds the choice at a share of the weights; null when there is no weight. */
function picker(choices: readonly (readonly [number, number])[]): (share: number) => number | null {
  const likely = choices.filter(([, weight]) => weight > 0);
  const ends: number[] = [];
  for (const [, weight] of likely) ends.push((ends.at(-1) ?? 0) + weight);
  const total = ends.at(-1) ?? 0;
  return (share) => {
    let [low, high] = [0, ends.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] ?? 0) > share * total) high = middle;
      else low = middle + 1;
    }
    return likely[low]?.[0] ?? null;
  };
}

/** Nothing stays nothing. */
function ratio(wanted: number, found: number): number {
  return found > 0 ? wanted / found : 0;
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}

/** Strict multidimensional recoding (Mondrian, LeFevre et al. 2006): the table is cut in two, each part again, as long as both
 *  halves keep the model. Every attribute is tried, the widest first, and every cut, the one nearest to the middle
 *  first, before a part is left whole.
 *  @module */
import { createAxis, widthOf, type Axis } from "./axis.ts";
import type { ColumnHierarchy } from "./dimension.ts";
import type { ClassJudge } from "./judge.ts";
import { SubsetJudge } from "./subset-judge.ts";
import type { TupleTable } from "./tuples.ts";

/** One cut: ranks up to `rank` of column `column` go left. A leaf has the number of its box instead. */
export type CutNode =
  | { readonly column: number; readonly rank: number; readonly left: number; readonly right: number }
  | { readonly box: number };

/** A table cut into boxes. */
export interface Boxes {
  readonly axes: readonly Axis[];
  readonly cuts: readonly CutNode[];
  /** By column: the lowest and the highest rank of each box. */
  readonly low: readonly Uint32Array[];
  readonly high: readonly Uint32Array[];
  readonly count: number;
  /** The box of each tuple. */
  readonly boxOf: Uint32Array;
  /** Mean over rows and columns of the share of the axis that a box spans (NCP). */
  readonly loss: number;
}

/** Cuts of one column that are tried in one part when the model must look at every row of both halves. */
const MAX_TRIED_CUTS = 256;

interface Part {
  readonly start: number;
  readonly end: number;
  readonly node: number;
}

/** `null` when the whole table does not keep the model. `onCut` is called after each part; it may throw or wait. */
export async function cutBoxes(
  table: TupleTable,
  hierarchies: Readonly<Record<string, ColumnHierarchy>>,
  judge: ClassJudge,
  onCut?: () => Promise<void> | void,
): Promise<Boxes | null> {
  const cutter = new Cutter(table, hierarchies, judge);
  if (table.count === 0 || !cutter.passes()) return null;
  const parts: Part[] = [{ start: 0, end: table.count, node: 0 }];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    parts.push(...cutter.cut(part));
    await onCut?.();
  }
  return cutter.finish();
}

class Cutter {
  readonly #table: TupleTable;
  readonly #axes: readonly Axis[];
  /** By column, the rank of each tuple. */
  readonly #ranks: readonly Uint32Array[];
  readonly #judge: SubsetJudge;
  readonly #k: number;
  readonly #order: Uint32Array;
  readonly #cuts: CutNode[] = [{ box: 0 }];
  readonly #boxes: { readonly low: number[]; readonly high: number[] }[] = [];
  readonly #boxOf: Uint32Array;

  constructor(table: TupleTable, hierarchies: Readonly<Record<string, ColumnHierarchy>>, judge: ClassJudge) {
    const axes = table.dimensions.map((dimension) => createAxis(dimension, ownHierarchy(hierarchies, dimension.name)));
    this.#table = table;
    this.#axes = axes.map(({ axis }) => axis);
    this.#ranks = axes.map(({ ranks }, d) => (table.codes[d] ?? new Uint32Array(0)).map((code) => ranks[code] ?? 0));
    this.#judge = new SubsetJudge(table, judge);
    this.#k = judge.demands.k;
    this.#order = Uint32Array.from({ length: table.count }, (_, i) => i);
    this.#boxOf = new Uint32Array(table.count);
  }

  passes(): boolean {
    return this.#judge.passes(this.#order);
  }

  /** Two parts, or none when the part is a box. */
  cut(part: Part): Part[] {
    const extents = this.#axes.map((axis, column) => ({ column, ...this.#extent(part, column), axis }));
    const byWidth = extents
      .filter(({ low, high }) => low < high)
      .map((extent) => ({ ...extent, width: widthOf(extent.axis, extent.low, extent.high) }))
      .toSorted((a, b) => b.width - a.width || a.column - b.column);
    for (const { column, low, high } of byWidth) {
      const rank = this.#findCut(part, column, low, high);
      if (rank === null) continue;
      const middle = this.#split(part, column, rank);
      const left = this.#cuts.push({ box: 0 }) - 1;
      const right = this.#cuts.push({ box: 0 }) - 1;
      this.#cuts[part.node] = { column, rank, left, right };
      return [
        { start: part.start, end: middle, node: left },
        { start: middle, end: part.end, node: right },
      ];
    }
    this.#cuts[part.node] = { box: this.#boxes.length };
    for (let i = part.start; i < part.end; i++) this.#boxOf[this.#order[i] ?? 0] = this.#boxes.length;
    this.#boxes.push({ low: extents.map(({ low }) => low), high: extents.map(({ high }) => high) });
    return [];
  }

  finish(): Boxes {
    const side = (of: "low" | "high"): Uint32Array[] =>
      this.#axes.map((_, d) => Uint32Array.from(this.#boxes, (box) => box[of][d] ?? 0));
    const widths = this.#boxes.map(({ low, high }) =>
      this.#axes.reduce((sum, axis, d) => sum + widthOf(axis, low[d] ?? 0, high[d] ?? 0), 0),
    );
    let lost = 0;
    for (const [tuple, box] of this.#boxOf.entries()) lost += (widths[box] ?? 0) * (this.#table.rows[tuple] ?? 0);
    return {
      axes: this.#axes,
      cuts: this.#cuts,
      low: side("low"),
      high: side("high"),
      count: this.#boxes.length,
      boxOf: this.#boxOf,
      loss: this.#axes.length === 0 ? 0 : lost / this.#table.rowCount / this.#axes.length,
    };
  }

  #extent({ start, end }: Part, column: number): { low: number; high: number } {
    const ranks = this.#ranks[column] ?? new Uint32Array(0);
    let [low, high] = [Infinity, 0];
    for (let i = start; i < end; i++) {
      const rank = ranks[this.#order[i] ?? 0] ?? 0;
      if (rank < low) low = rank;
      if (rank > high) high = rank;
    }
    return { low, high };
  }

  /** The rank nearest to the middle of the part after which both halves keep the model. */
  #findCut(part: Part, column: number, low: number, high: number): number | null {
    const ranks = this.#ranks[column] ?? new Uint32Array(0);
    const counts = new Float64Array(high - low + 1);
    const { addsUp } = this.#judge;
    for (let i = part.start; i < part.end; i++) {
      const tuple = this.#order[i] ?? 0;
      const at = (ranks[tuple] ?? 0) - low;
      // Rows are at least as many as persons: where they are too few, persons are.
      counts[at] = (counts[at] ?? 0) + (addsUp ? this.#judge.personsOf(tuple) : (this.#table.rows[tuple] ?? 0));
    }
    const total = counts.reduce((sum, n) => sum + n, 0);
    const cuts: { rank: number; off: number }[] = [];
    let left = 0;
    for (let at = 0; at < high - low; at++) {
      const here = counts[at] ?? 0;
      left += here;
      if (here > 0 && left >= this.#k && total - left >= this.#k)
        cuts.push({ rank: low + at, off: Math.abs(2 * left - total) });
    }
    cuts.sort((a, b) => a.off - b.off || a.rank - b.rank);
    if (addsUp) return cuts[0]?.rank ?? null;
    for (const { rank } of cuts.slice(0, MAX_TRIED_CUTS)) if (this.#halvesPass(part, column, rank)) return rank;
    return null;
  }

  #halvesPass(part: Part, column: number, rank: number): boolean {
    const ranks = this.#ranks[column] ?? new Uint32Array(0);
    const tuples = this.#order.subarray(part.start, part.end);
    return (
      this.#judge.passes(tuples.filter((tuple) => (ranks[tuple] ?? 0) <= rank)) &&
      this.#judge.passes(tuples.filter((tuple) => (ranks[tuple] ?? 0) > rank))
    );
  }

  /** Sorts a part into its halves and returns where the right one starts. */
  #split({ start, end }: Part, column: number, rank: number): number {
    const ranks = this.#ranks[column] ?? new Uint32Array(0);
    const tuples = this.#order.slice(start, end);
    let next = start;
    for (const tuple of tuples) if ((ranks[tuple] ?? 0) <= rank) this.#order[next++] = tuple;
    const middle = next;
    for (const tuple of tuples) if ((ranks[tuple] ?? 0) > rank) this.#order[next++] = tuple;
    return middle;
  }
}

/** The hierarchy declared for `name`, if any. */
export function ownHierarchy(
  hierarchies: Readonly<Record<string, ColumnHierarchy>>,
  name: string,
): ColumnHierarchy | undefined {
  return Object.hasOwn(hierarchies, name) ? hierarchies[name] : undefined;
}

/** Strict multidimensional recoding (Mondrian, LeFevre et al. 2006): the table is cut in two, each part again, as long as both
 *  halves keep the model. Every attribute is tried, the widest first, and every cut, the one nearest to the middle
 *  first, before a part is left whole.
 *  @module */
import { createAxis, widthOf, type Axis } from "./axis.ts";
import type { ColumnHierarchy } from "./dimension.ts";
import { BoxPopulation, type Extent } from "./box-population.ts";
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

/** What a set of tuples is as a box. `less`: it shows too little of the whole table, which cuts may mend: they leave out whom
 *  no box holds. */
interface Judged {
  readonly verdict: "keeps" | "less" | "fails";
  /** Tuples of the whole table in it; empty when nobody asks. */
  readonly whole: Uint32Array;
}

interface Part {
  readonly start: number;
  readonly end: number;
  readonly node: number;
  readonly judged: Judged;
}

/** A cut after `rank`, with what its halves are. */
interface Cut {
  readonly column: number;
  readonly rank: number;
  readonly left: Judged;
  readonly right: Judged;
}

/** `null` when the whole table does not keep the model, or some box shows less of the whole table than it should and no cut
 *  was found that mends it. A box that shows more than it may is mended by none: its halves hold no more. `onCut` is called after each part; it may throw or wait. */
export async function cutBoxes(
  table: TupleTable,
  hierarchies: Readonly<Record<string, ColumnHierarchy>>,
  judge: ClassJudge,
  onCut?: () => Promise<void> | void,
): Promise<Boxes | null> {
  const cutter = new Cutter(table, hierarchies, judge);
  const first = cutter.first();
  if (table.count === 0 || first.judged.verdict === "fails") return null;
  const parts: Part[] = [first];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const halves = cutter.cut(part);
    if (halves.length === 0 && part.judged.verdict !== "keeps") return null;
    parts.push(...halves);
    await onCut?.();
  }
  return cutter.finish();
}

const NOBODY = new Uint32Array(0);
const KEEPS: Judged = { verdict: "keeps", whole: NOBODY };

function isGood({ left, right }: Cut): boolean {
  return left.verdict === "keeps" && right.verdict === "keeps";
}

class Cutter {
  readonly #table: TupleTable;
  readonly #axes: readonly Axis[];
  /** By column, the rank of each tuple. */
  readonly #ranks: readonly Uint32Array[];
  readonly #judge: SubsetJudge;
  readonly #classes: ClassJudge;
  readonly #population: BoxPopulation | undefined;
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
    this.#classes = judge;
    this.#population = judge.population && new BoxPopulation(this.#axes, judge.population.whole);
    this.#k = judge.demands.k;
    this.#order = Uint32Array.from({ length: table.count }, (_, i) => i);
    this.#boxOf = new Uint32Array(table.count);
  }

  /** The whole table. */
  first(): Part {
    const judged = this.#judged(this.#order, this.#population?.all ?? NOBODY);
    return { start: 0, end: this.#order.length, node: 0, judged };
  }

  /** Two parts, or none when the part is a box. */
  cut(part: Part): Part[] {
    const tuples = this.#order.subarray(part.start, part.end);
    const extents = this.#axes.map((axis, column) => ({ column, ...this.#extent(tuples, column), axis }));
    const byWidth = extents
      .filter(({ low, high }) => low < high)
      .map((extent) => ({ ...extent, width: widthOf(extent.axis, extent.low, extent.high) }))
      .toSorted((a, b) => b.width - a.width || a.column - b.column);
    let cut: Cut | null = null;
    for (const { column, low, high } of byWidth) {
      const found = this.#findCut(part, column, low, high);
      if (found !== null && isGood(found)) return this.#halves(part, found);
      cut ??= found;
    }
    // A part that cannot stay whole is cut so that its halves may be mended yet.
    if (cut !== null) return this.#halves(part, cut);
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

  #halves(part: Part, { column, rank, left, right }: Cut): Part[] {
    const middle = this.#split(part, column, rank);
    const [leftNode, rightNode] = [this.#cuts.push({ box: 0 }) - 1, this.#cuts.push({ box: 0 }) - 1];
    this.#cuts[part.node] = { column, rank, left: leftNode, right: rightNode };
    return [
      { start: part.start, end: middle, node: leftNode, judged: left },
      { start: middle, end: part.end, node: rightNode, judged: right },
    ];
  }

  #extent(tuples: Uint32Array, column: number): Extent {
    const ranks = this.#ranks[column] ?? NOBODY;
    let [low, high] = [Infinity, 0];
    for (const tuple of tuples) {
      const rank = ranks[tuple] ?? 0;
      if (rank < low) low = rank;
      if (rank > high) high = rank;
    }
    return { low, high };
  }

  /** The cut nearest to the middle of the part whose halves both keep the model. For a part that cannot stay whole, when there is
   *  none, the nearest one whose halves may be mended. */
  #findCut(part: Part, column: number, low: number, high: number): Cut | null {
    const ranks = this.#ranks[column] ?? NOBODY;
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
    const [first] = cuts;
    if (addsUp) return first === undefined ? null : { column, rank: first.rank, left: KEEPS, right: KEEPS };
    let possible: Cut | null = null;
    for (const { rank } of cuts.slice(0, MAX_TRIED_CUTS)) {
      const cut = this.#tried(part, column, rank);
      if (cut !== null && isGood(cut)) return cut;
      possible ??= cut;
    }
    return part.judged.verdict === "less" ? possible : null;
  }

  /** The cut, unless a half fails for good. */
  #tried({ start, end, judged }: Part, column: number, rank: number): Cut | null {
    const ranks = this.#ranks[column] ?? NOBODY;
    const tuples = this.#order.subarray(start, end);
    const left = this.#judged(
      tuples.filter((tuple) => (ranks[tuple] ?? 0) <= rank),
      judged.whole,
    );
    if (left.verdict === "fails") return null;
    const right = this.#judged(
      tuples.filter((tuple) => (ranks[tuple] ?? 0) > rank),
      judged.whole,
    );
    return right.verdict === "fails" ? null : { column, rank, left, right };
  }

  /** `whole`: tuples of the whole table of which those in the box are among. */
  #judged(tuples: Uint32Array, whole: Uint32Array): Judged {
    const persons = this.#judge.countPersons(tuples);
    if (!this.#judge.passes(tuples, persons)) return { verdict: "fails", whole: NOBODY };
    if (this.#population === undefined) return KEEPS;
    const box = this.#axes.map((_, column) => this.#extent(tuples, column));
    const inside = this.#population.inside(whole, box);
    const presence = this.#classes.presence(persons / Math.max(this.#population.personsOf(inside), persons));
    if (presence === "more") return { verdict: "fails", whole: NOBODY };
    return { verdict: presence === "less" ? "less" : "keeps", whole: inside };
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

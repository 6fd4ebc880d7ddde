/** Full-domain generalisation: the one combination of levels, the same for every row, that loses least and keeps the model
 *  when the rows of the classes that fail are left out. The result is optimal, not merely good.
 *
 *  Loss is the mean over rows and columns of the normalised loss; a row that is left out loses 1. Without the rows that
 *  are left out, loss is a sum over columns alone, which bounds it from below and only rises with the levels: nodes are
 *  visited in the order of this bound, and the search ends where the bound reaches the best loss. Whatever fails by counts
 *  alone (k, distinct l) fails at every lower node, too: rows left out at one node raise the bound of all below it, and a
 *  binary search along a chain of nodes finds where counts begin to hold. Entropy, distance and presence have no such
 *  order and are judged node by node.
 *
 *  After the ideas of Incognito (LeFevre et al. 2005) and Flash (Kohlmayer et al. 2012).
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { addSeveral, FAILS_COUNTS, type ClassJudge } from "./judge.ts";
import { groupCodes } from "./group.ts";
import { createLattice, levelsOf, nodesAbove, type Lattice } from "./lattice.ts";
import type { TupleTable } from "./tuples.ts";

/** What the search found. */
export interface FullDomain {
  /** Index of the level of each dimension. */
  readonly levels: readonly number[];
  readonly loss: number;
  readonly suppressedRows: number;
  /** Combinations of levels, and how many of them were counted. */
  readonly nodes: number;
  readonly checks: number;
}

/** How a search is bounded and watched. */
export interface SearchOptions {
  /** Rows that may be left out. */
  readonly maxSuppressedRows: number;
  /** Tuples that may be looked at in all checks together; without it MAX_SEARCH_VISITS. */
  readonly maxVisits?: number | undefined;
  /** Called after each check; throws to end the search, and may wait to let others run. */
  readonly onCheck?:
    | ((progress: { readonly checks: number; readonly nodes: number }) => Promise<void> | void)
    | undefined;
}

/** Tuples that one search looks at: some minutes of one core. */
const MAX_SEARCH_VISITS = 4_000_000_000;

/** The best levels; `null` when none keep the model. @throws ERR_POLICY for too many combinations of levels, or too long a
 *  search: nothing is returned that may not be the best. */
export async function searchLevels(
  table: TupleTable,
  judge: ClassJudge,
  { maxSuppressedRows, maxVisits = MAX_SEARCH_VISITS, onCheck }: SearchOptions,
): Promise<FullDomain | null> {
  const lattice = createLattice(table.dimensions.map(({ levels }) => levels.length));
  const counter = new NodeCounter(table, judge);
  const bounds = new LossBounds(table, lattice);
  const counted = new Uint8Array(lattice.size);
  let best: FullDomain | undefined;
  let checks = 0;

  /** Counts the classes of `node`; false when no node below can be the best either, or none that is not known. */
  const count = async (node: number): Promise<boolean> => {
    const levels = levelsOf(lattice, node);
    const result = counter.count(levels, maxSuppressedRows);
    counted[node] = 1;
    checks++;
    if (counter.visits > maxVisits) {
      const reason = "the search for levels takes too long: expected mondrian, or fewer levels";
      throw new SluiceError("ERR_POLICY", { pointer: "/model/algorithm", reason });
    }
    await onCheck?.({ checks, nodes: lattice.size });
    if (result === null) {
      bounds.raiseBelow(node, Infinity);
      return false;
    }
    const loss = bounds.marginal(node) + result.lost;
    bounds.raiseBelow(node, result.lostByCounts);
    if (result.failedRows <= maxSuppressedRows && loss < (best?.loss ?? Infinity)) {
      best = { levels, loss, suppressedRows: result.failedRows, nodes: lattice.size, checks };
    }
    return true;
  };

  for (const node of bounds.order()) {
    const limit = best?.loss ?? Infinity;
    if (bounds.marginal(node) >= limit) break;
    if (counted[node] === 1 || bounds.least(node) >= limit) continue;
    const chain = chainFrom(lattice, node, bounds, limit);
    let [low, high] = [0, chain.length - 1];
    // Once there is a best, most nodes left are worse: the highest of the chain says so of all below it at once.
    let middle = best === undefined ? (low + high) >> 1 : high;
    while (low <= high) {
      const at = chain[middle] ?? node;
      if (counted[at] === 1 || (await count(at))) high = middle - 1;
      else low = middle + 1;
      middle = (low + high) >> 1;
      if (bounds.least(node) >= (best?.loss ?? Infinity)) break;
    }
  }
  return best === undefined ? null : { ...best, checks };
}

/** From `node` up, each time to the node that loses least, while it may still be better than the best. */
function chainFrom(lattice: Lattice, node: number, bounds: LossBounds, limit: number): number[] {
  const chain = [node];
  for (;;) {
    const next = nodesAbove(lattice, chain.at(-1) ?? node)
      .filter((above) => bounds.least(above) < limit)
      .reduce<number>((least, above) => (bounds.marginal(above) < bounds.marginal(least) ? above : least), NOWHERE);
    if (next === NOWHERE) return chain;
    chain.push(next);
  }
}

const EMPTY = new Uint32Array(0);
/** No node. */
const NOWHERE = -1;

/** What each node loses at least. */
class LossBounds {
  readonly #lattice: Lattice;
  /** Loss of each node when no row is left out. */
  readonly #marginal: Float64Array;
  /** Loss by rows that are left out by counts here, because they are at a node above. */
  readonly #extra: Float64Array;

  constructor({ dimensions, codes, rows, rowCount }: TupleTable, lattice: Lattice) {
    const means = dimensions.map(({ levels, values }, d) => {
      const own = codes[d] ?? EMPTY;
      const rowsOf = new Float64Array(values.length);
      for (let tuple = 0; tuple < own.length; tuple++)
        rowsOf[own[tuple] ?? 0] = (rowsOf[own[tuple] ?? 0] ?? 0) + (rows[tuple] ?? 0);
      return levels.map(({ map, loss }) => {
        const sum = rowsOf.reduce((total, n, code) => total + n * (loss[map[code] ?? 0] ?? 0), 0);
        return sum / rowCount / dimensions.length;
      });
    });
    this.#lattice = lattice;
    this.#extra = new Float64Array(lattice.size);
    this.#marginal = new Float64Array(lattice.size);
    for (const [d, stride] of lattice.strides.entries()) {
      const height = lattice.heights[d] ?? 1;
      for (let node = 0; node < lattice.size; node++) {
        this.#marginal[node] = (this.#marginal[node] ?? 0) + (means[d]?.[Math.floor(node / stride) % height] ?? 0);
      }
    }
  }

  marginal(node: number): number {
    return node === NOWHERE ? Infinity : (this.#marginal[node] ?? Infinity);
  }

  least(node: number): number {
    return this.marginal(node) + (this.#extra[node] ?? 0);
  }

  /** All nodes, those that lose least without suppression first. */
  order(): Uint32Array {
    return Uint32Array.from(this.#marginal.keys()).sort((a, b) => this.marginal(a) - this.marginal(b) || a - b);
  }

  /** `node` leaves rows out that lose so much: every node below leaves them out, too, and they lose no less there. */
  raiseBelow(node: number, extra: number): void {
    const { heights, strides } = this.#lattice;
    const open = [node];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if ((this.#extra[next] ?? 0) >= extra) continue;
      this.#extra[next] = extra;
      for (const [d, height] of heights.entries()) {
        const stride = strides[d] ?? 1;
        if (Math.floor(next / stride) % height > 0) open.push(next - stride);
      }
    }
  }
}

/** Classes that were counted before, from which coarser ones are made. */
interface Snapshot {
  readonly levels: readonly number[];
  readonly count: number;
  /** A tuple of each class. */
  readonly tuple: Uint32Array | undefined;
  readonly rows: Float64Array;
  /** Persons of each class that have no other tuple. */
  readonly persons: Float64Array;
  /** The class of each tuple of the table; kept only when the judge needs it. */
  readonly classOf: Uint32Array | undefined;
}

/** Classes of all snapshots together. */
const MAX_SNAPSHOT_CLASSES = 2_000_000;

/** Counts the classes of a node, starting from the fewest classes that are known to be finer. */
class NodeCounter {
  readonly #table: TupleTable;
  readonly #judge: ClassJudge;
  readonly #needsTuples: boolean;
  readonly #snapshots: Snapshot[];
  #kept = 0;
  /** Tuples and classes that were grouped so far. */
  visits = 0;

  constructor(table: TupleTable, judge: ClassJudge) {
    this.#table = table;
    this.#judge = judge;
    this.#needsTuples = !judge.countsOnly || table.persons.several.person.length > 0;
    const persons = new Float64Array(table.count);
    for (const [entry, at] of table.persons.tuple.entries()) persons[at] = table.persons.weight[entry] ?? 0;
    const classOf = this.#needsTuples ? Uint32Array.from({ length: table.count }, (_, i) => i) : undefined;
    const levels = table.dimensions.map(() => 0);
    this.#snapshots = [{ levels, count: table.count, tuple: undefined, rows: table.rows, persons, classOf }];
  }

  /** Rows that fail, and how much more than their levels they lose: all of them, and those that fail by counts. Null when
   *  more than `most` rows, or all of them, fail by counts. */
  count(levels: readonly number[], most: number): { failedRows: number; lost: number; lostByCounts: number } | null {
    const { classOf, count, rows, persons: alone, tuple } = this.#classesAt(levels);
    const persons = alone.slice();
    if (classOf !== undefined) addSeveral(persons, this.#table.persons.several, classOf);
    const fails = this.#judge.judge({ classOf: classOf ?? EMPTY, count }, persons, levels);
    let [failedRows, failedByCounts] = [0, 0];
    for (let number = 0; number < count; number++) {
      const mark = fails[number] ?? 0;
      if (mark === 0) continue;
      failedRows += rows[number] ?? 0;
      if ((mark & FAILS_COUNTS) !== 0) failedByCounts += rows[number] ?? 0;
    }
    const total = this.#table.rowCount;
    if (failedByCounts > most || failedByCounts === total) return null;
    let [lost, lostByCounts] = [0, 0];
    for (let number = 0; number < count; number++) {
      const mark = fails[number] ?? 0;
      if (mark === 0) continue;
      const more = ((rows[number] ?? 0) * (1 - this.#lossOf(tuple?.[number] ?? number, levels))) / total;
      lost += more;
      if ((mark & FAILS_COUNTS) !== 0) lostByCounts += more;
    }
    // A table without a row that is left is no table.
    return { failedRows: failedRows === total ? Infinity : failedRows, lost, lostByCounts };
  }

  #lossOf(tuple: number, levels: readonly number[]): number {
    const { dimensions, codes } = this.#table;
    let sum = 0;
    for (const [d, { levels: own }] of dimensions.entries()) {
      const at = own[levels[d] ?? 0];
      sum += at?.loss[at.map[codes[d]?.[tuple] ?? 0] ?? 0] ?? 0;
    }
    return dimensions.length === 0 ? 0 : sum / dimensions.length;
  }

  #classesAt(levels: readonly number[]): Snapshot {
    const from = this.#finest(levels);
    this.visits += from.count;
    const columns = this.#table.dimensions.map(({ levels: own }, d) => {
      const at = own[levels[d] ?? 0];
      return { codes: this.#table.codes[d] ?? EMPTY, size: at?.shown.length ?? 1, map: at?.map, at: from.tuple };
    });
    const { ids, count } = groupCodes(columns, from.count);
    const tuple = new Uint32Array(count);
    const rows = new Float64Array(count);
    const persons = new Float64Array(count);
    for (let i = from.count - 1; i >= 0; i--) {
      const number = ids[i] ?? 0;
      tuple[number] = from.tuple?.[i] ?? i;
      rows[number] = (rows[number] ?? 0) + (from.rows[i] ?? 0);
      persons[number] = (persons[number] ?? 0) + (from.persons[i] ?? 0);
    }
    const classOf = from.classOf?.map((number) => ids[number] ?? 0);
    const classes = { levels, count, tuple, rows, persons, classOf };
    const size = count + (classOf?.length ?? 0);
    if (count <= from.count / 2 && this.#kept + size <= MAX_SNAPSHOT_CLASSES) {
      this.#snapshots.push(classes);
      this.#kept += size;
    }
    return classes;
  }

  #finest(levels: readonly number[]): Snapshot {
    let [best] = this.#snapshots;
    for (const snapshot of this.#snapshots) {
      const finer = snapshot.levels.every((level, d) => level <= (levels[d] ?? 0));
      if (finer && snapshot.count < (best?.count ?? 0)) best = snapshot;
    }
    if (best === undefined) throw new RangeError("a search has at least its own tuples");
    return best;
  }
}

/** Whom a table shows, so that a later one can be held against it. For every count that it shows (cells, totals of levels,
 *  the total) a digest of the persons behind it and of how many rows each has; for every mean, of the persons who have a
 *  value and of the values. Persons fall into 256 buckets by a keyed tag, and each bucket has one word: two sets that
 *  differ in at most n persons differ in at most n buckets, always. The reverse holds but for chance, to the safe side.
 *
 *  // struct { uint32 mean : 1, released : 1, persons : 30; uint32 people[256]; uint32 contents[256]; } ShownSet; little-endian
 *  @module */

/** Buckets of persons. */
export const BUCKETS = 256;
/** Words of one set. */
export const SET_WORDS = 1 + 2 * BUCKETS;

/** In the first word: the set is of a mean, and is held against means alone. */
const OF_MEAN = 0x80000000;
/** In the first word: the set is of metrics or a model, and the other bits of the word are a mark of their shape. */
export const OF_RELEASED = 0x40000000;

/** A number for what a set is of: 0 for a count, one for all means, and one for each shape of metrics and models. */
export function kindOf(set: Uint32Array): number {
  const [word = 0] = set;
  if ((word & OF_MEAN) !== 0) return OF_MEAN;
  return (word & OF_RELEASED) === 0 ? 0 : word;
}

/** Sets one after another, as they are kept. */
export function joinedSets(sets: readonly Uint32Array[]): Uint32Array {
  const words = new Uint32Array(sets.length * SET_WORDS);
  for (const [i, set] of sets.entries()) words.set(set, i * SET_WORDS);
  return words;
}

/** Sets of words that were kept; a remainder that is no set is left out. */
export function separateSets(words: Uint32Array): Uint32Array[] {
  return Array.from({ length: Math.floor(words.length / SET_WORDS) }, (_, i) =>
    words.subarray(i * SET_WORDS, (i + 1) * SET_WORDS),
  );
}

/** Rows of a table in the order of its cells. */
export interface CellRows {
  /** Number of the person of each row. */
  readonly persons: Uint32Array;
  /** Two words for each person: HMAC under a secret of the domain. */
  readonly tags: Uint32Array;
}

/** A listed cell: where its rows are. */
export interface CellRange {
  readonly at: readonly number[];
  readonly from: number;
  readonly to: number;
}

/** Cells, by their place among the listed ones, behind every number that a table shows or that its reader can add up along a
 *  dimension: each cell, then every margin (levels of one dimension, of two together) that is of several, then all. */
export function shownGroups(cells: readonly Pick<CellRange, "at">[]): number[][] {
  const dimensions = cells[0]?.at.length ?? 0;
  const margins = new Map<string, number[]>();
  for (let kept = 1; kept < 2 ** dimensions - 1; kept++) {
    for (const [place, { at }] of cells.entries()) {
      const key = at.map((level, i) => ((kept >> i) & 1 ? level : "")).join();
      const own = margins.get(key);
      if (own === undefined) margins.set(key, [place]);
      else own.push(place);
    }
  }
  const all = [...cells.keys()];
  const several = [...margins.values()].filter(({ length }) => length > 1 && length < all.length);
  const distinct = new Map(several.map((places) => [places.join(), places]));
  return [...all.map((place) => [place]), ...distinct.values(), ...(all.length > 1 ? [all] : [])];
}

/** Makes the sets of what one table shows. */
export class TableSets {
  readonly #rows: CellRows;
  /** The last set that each person was put into. */
  readonly #seen: Uint32Array;
  #set = 0;

  constructor(rows: CellRows) {
    this.#rows = rows;
    this.#seen = new Uint32Array(rows.tags.length / 2);
  }

  /** Of how many rows are in `cells` together. */
  ofCount(cells: readonly CellRange[]): Uint32Array {
    const set = this.#begun(0);
    for (const { from, to } of cells) {
      for (let row = from; row < to; row++) this.#add(set, row);
    }
    return set;
  }

  /** Of the mean of `values` in the rows from `from` on; rows of NaN have none. */
  ofMean(values: Float64Array, from: number): Uint32Array {
    const set = this.#begun(OF_MEAN);
    const double = new Float64Array(1);
    const words = new Uint32Array(double.buffer);
    for (let i = 0; i < values.length; i++) {
      double[0] = (values[i] ?? Number.NaN) + 0;
      if (!Number.isNaN(double[0])) this.#add(set, from + i, words);
    }
    return set;
  }

  #begun(kind: number): Uint32Array {
    this.#set++;
    const set = new Uint32Array(SET_WORDS);
    set[0] = kind;
    return set;
  }

  #add(set: Uint32Array, row: number, words?: Uint32Array): void {
    const { persons, tags } = this.#rows;
    const person = persons[row] ?? 0;
    const [first = 0, second = 0] = [tags[2 * person], tags[2 * person + 1]];
    const bucket = first % BUCKETS;
    if (this.#seen[person] !== this.#set) {
      this.#seen[person] = this.#set;
      set[0] = (set[0] ?? 0) + 1;
      set[1 + bucket] = (set[1 + bucket] ?? 0) ^ second;
    }
    const own = mixed(second, first);
    const content = words === undefined ? own : mixed(mixed(own, words[0] ?? 0), words[1] ?? 0);
    // Added, so that two rows alike do not cancel out.
    set[1 + BUCKETS + bucket] = (set[1 + BUCKETS + bucket] ?? 0) + content;
  }
}

/** The finaliser of MurmurHash3 over both words. */
export function mixed(one: number, other: number): number {
  let word = Math.imul(one ^ Math.imul(other, 0xcc9e2d51), 0x1b873593);
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return (word ^ (word >>> 16)) >>> 0;
}

/** Whether two sets of one kind are not the same, and fewer than `minimum` persons make the difference: other persons, or the
 *  same ones with other rows or values. */
export function differInFew(one: Uint32Array, other: Uint32Array, minimum: number): boolean {
  const people = differing(one, other, 1, minimum);
  if (people > 0) return people < minimum;
  const contents = differing(one, other, 1 + BUCKETS, minimum);
  return contents > 0 && contents < minimum;
}

/** Whether two sets are of the same rows or values. */
export function isSame(one: Uint32Array, other: Uint32Array): boolean {
  return differing(one, other, 1, 1) === 0 && differing(one, other, 1 + BUCKETS, 1) === 0;
}

/** Buckets from `start` on that differ, counted up to `most`. */
function differing(one: Uint32Array, other: Uint32Array, start: number, most: number): number {
  let count = 0;
  for (let i = start; i < start + BUCKETS && count < most; i++) if (one[i] !== other[i]) count++;
  return count;
}

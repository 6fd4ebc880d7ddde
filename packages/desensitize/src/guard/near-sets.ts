/** Finds, of many sets of persons, those that differ from one in few: without looking at most of them. Of two sets that differ
 *  in at most n buckets, each has at most n words that the other lacks; so the first word in any one order that both have is
 *  among the first n + 1 of each. Sets are looked up by these words alone; the order is that of a hash.
 *  @see Chaudhuri, Ganti, Kaushik, A Primitive Operator for Similarity Joins in Data Cleaning (2006): the prefix filter
 *  @module */
import { BUCKETS, differInFew, isSame, kindOf, mixed } from "./shown-sets.ts";
import { MIN_CELL_SUBJECTS } from "./subjects.ts";

/** Under which a set with fewer than MIN_CELL_SUBJECTS words is found, too: it may share none with one that is near. */
const FEW_WORDS = 0;
/** Entries are a word's hash and a set's place in one double: 32 bits and these. */
const PLACES = 2 ** 20;

/** Many sets, as `TableSets` makes them. */
export class NearSets {
  readonly #sets: readonly Uint32Array[];
  /** Hash · PLACES + place, ascending. */
  readonly #entries: Float64Array;

  /** @param sets Fewer than 2^20 */
  constructor(sets: readonly Uint32Array[]) {
    if (sets.length >= PLACES) throw new RangeError("too many sets");
    this.#sets = sets;
    const entries = new Float64Array(sets.length * MIN_CELL_SUBJECTS);
    let length = 0;
    for (const [place, set] of sets.entries()) {
      for (const hash of firstWords(set)) entries[length++] = hash * PLACES + place;
    }
    this.#entries = entries.subarray(0, length).sort();
  }

  get isEmpty(): boolean {
    return this.#sets.length === 0;
  }

  /** Whether one of them, of the same kind, differs from `set` in fewer than MIN_CELL_SUBJECTS persons, and in some. What is the
   *  same as one of them is near none: it was shown. */
  isNear(set: Uint32Array): boolean {
    let near = false;
    for (const other of this.candidates(set)) {
      if (kindOf(other) !== kindOf(set)) continue;
      if (isSame(set, other)) return false;
      near ||= differInFew(set, other, MIN_CELL_SUBJECTS);
    }
    return near;
  }

  /** Those of them that may be near `set`, all near ones among them; some more than once. */
  *candidates(set: Uint32Array): Generator<Uint32Array> {
    for (const hash of firstWords(set)) {
      for (let i = this.#firstOf(hash * PLACES); i < this.#entries.length; i++) {
        const entry = this.#entries[i] ?? Infinity;
        if (entry >= (hash + 1) * PLACES) break;
        const other = this.#sets[entry % PLACES];
        if (other !== undefined) yield other;
      }
    }
  }

  #firstOf(entry: number): number {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#entries[middle] ?? Infinity) < entry) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Hashes of the first MIN_CELL_SUBJECTS words of a set in the order of their hashes; if there are fewer, FEW_WORDS beside
 *  them. */
function firstWords(set: Uint32Array): number[] {
  const first: number[] = [];
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const word = set[1 + bucket] ?? 0;
    if (word === 0) continue;
    const hash = mixed(word, bucket);
    if (first.length === MIN_CELL_SUBJECTS && hash >= (first.at(-1) ?? 0)) continue;
    const place = first.findIndex((other) => other > hash);
    first.splice(place < 0 ? first.length : place, 0, hash);
    if (first.length > MIN_CELL_SUBJECTS) first.pop();
  }
  return first.length < MIN_CELL_SUBJECTS ? [FEW_WORDS, ...first] : first;
}

/** Finds whether a number of a table, with one other number that is shown added or taken away, is an earlier number but for a
 *  few persons: of `A + B - C` a reader learns those few as of `A - B`. Digests of contents are sums, so that those of rows
 *  together are the sum, and of rows without others the difference; of two that differ in at most nine buckets, one of ten
 *  groups of buckets agrees, and by sums over these groups candidates are looked up.
 *  @module */
import { BUCKETS, kindOf, mixed } from "./shown-sets.ts";
import { MIN_CELL_SUBJECTS } from "./subjects.ts";

/** Pairs that are tried at most for one table: half a second. Beyond, none is: `docs/output-rules.md` says so. */
const MAX_PAIRS = 2 ** 17;
/** Odd multipliers of the buckets, so that a group's sum tells them apart. */
const WEIGHTS = Uint32Array.from({ length: BUCKETS }, (_, bucket) => mixed(bucket, 0x9e3779b9) | 1);

const SIGNS = [1, -1] as const;
const SAME = [1] as const;
const MULTIPLES = [1, -1, 2, -2] as const;

/** A set's contents, and their sums over each group of buckets. */
interface Digest {
  readonly contents: Uint32Array;
  readonly sums: Uint32Array;
}

/** Earlier numbers of persons, as `TableSets` makes them. */
export class NearSums {
  readonly #sets: readonly Uint32Array[];
  #earlier: readonly Digest[] = [];
  /** For each group of buckets, places of those that have a sum; none before they are needed. */
  #places: readonly Map<number, number[]>[] = [];

  constructor(sets: readonly Uint32Array[]) {
    this.#sets = sets.filter((set) => kindOf(set) === 0);
  }

  /** Places of one or two of `sets`, which are to be shown together, that with an earlier number added or taken away, or with each
   *  other, are another earlier number but for fewer than MIN_CELL_SUBJECTS persons. Null when there are none, or more than
   *  MAX_PAIRS pairs. */
  near(sets: readonly Uint32Array[]): number[] | null {
    if (sets.length * (sets.length + this.#sets.length) > MAX_PAIRS) return null;
    if (this.#places.length === 0) this.#index();
    const own = sets.map(digestOf);
    for (const [place, one] of own.entries()) {
      // What was shown before says nothing new.
      if (this.#earlier.some((other) => isMultiple(one.contents, other, SAME))) continue;
      if (this.#earlier.some((other) => this.#isEarlier(one, other, own))) return [place];
      const second = own.findIndex((other) => other !== one && this.#isEarlier(one, other, own));
      if (second >= 0) return [place, second];
    }
    return null;
  }

  #index(): void {
    this.#earlier = this.#sets.map(digestOf);
    this.#places = Array.from({ length: MIN_CELL_SUBJECTS }, (_, group) => {
      const places = new Map<number, number[]>();
      for (const [place, { sums }] of this.#earlier.entries()) {
        const own = places.get(sums[group] ?? 0);
        if (own === undefined) places.set(sums[group] ?? 0, [place]);
        else own.push(place);
      }
      return places;
    });
  }

  /** Whether `one` and `other` together, or without each other, are an earlier number but for some persons, and few. */
  #isEarlier(one: Digest, other: Digest, own: readonly Digest[]): boolean {
    return SIGNS.some((sign) =>
      this.#places.some((places, group) => {
        const sum = ((one.sums[group] ?? 0) + sign * (other.sums[group] ?? 0)) >>> 0;
        return (places.get(sum) ?? []).some((place) => {
          const earlier = this.#earlier[place];
          const left = earlier === undefined || earlier === other ? null : fewLeft(one, other, sign, earlier);
          return left !== null && ![...own, ...this.#earlier].some((shown) => isMultiple(left, shown));
        });
      }),
    );
  }
}

function digestOf(set: Uint32Array): Digest {
  const contents = set.subarray(1 + BUCKETS);
  const sums = new Uint32Array(MIN_CELL_SUBJECTS);
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const group = bucket % MIN_CELL_SUBJECTS;
    sums[group] = (sums[group] ?? 0) + Math.imul(contents[bucket] ?? 0, WEIGHTS[bucket] ?? 1);
  }
  return { contents, sums };
}

/** `one` with `sign` times `other` without `earlier`: 0 in every bucket but those of few persons, and not in all; else null. */
function fewLeft(one: Digest, other: Digest, sign: 1 | -1, earlier: Digest): Uint32Array | null {
  const left = new Uint32Array(BUCKETS);
  let some = 0;
  for (let bucket = 0; bucket < BUCKETS && some < MIN_CELL_SUBJECTS; bucket++) {
    const [a = 0, b = 0, c = 0] = [one.contents[bucket], other.contents[bucket], earlier.contents[bucket]];
    left[bucket] = a + sign * b - c;
    if (left[bucket] !== 0) some++;
  }
  return some > 0 && some < MIN_CELL_SUBJECTS ? left : null;
}

/** Whether what is left is a shown number, or twice one: nobody learns anything then, and ten persons may have fewer buckets. */
function isMultiple(left: Uint32Array, { contents }: Digest, multiples: readonly number[] = MULTIPLES): boolean {
  return multiples.some((times) =>
    left.every((word, bucket) => word === Math.imul(contents[bucket] ?? 0, times) >>> 0),
  );
}

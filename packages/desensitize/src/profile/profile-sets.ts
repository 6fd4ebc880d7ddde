/** Of whom a profile's figures are, so that a later profile can be held against it. Persons fall into 256 buckets by a keyed
 *  tag. Each bucket has one word of who is in it, and one for each column of what they have there: two tables that differ in
 *  at most n persons differ in at most n buckets of every column, always. The reverse holds but for chance, to the safe side.
 *  @module */
import { BUCKETS, mixed } from "../guard/shown-sets.ts";
import { textHash } from "../guard/released-sets.ts";
import { MIN_CELL_SUBJECTS } from "../guard/subjects.ts";

/** Words of the persons and of each column that was shown: BUCKETS each. */
export interface ProfileSets {
  readonly people: Uint32Array;
  readonly columns: ReadonlyMap<string, Uint32Array>;
}

/** Makes the sets of one table, person by person in any order. */
export class ProfileDigest {
  readonly #people = new Uint32Array(BUCKETS);
  readonly #columns: readonly (readonly [string, Uint32Array])[];

  constructor(columns: readonly string[]) {
    this.#columns = columns.map((name) => [name, new Uint32Array(BUCKETS)]);
  }

  /** A person by the two words of its tag, with a value for each column. */
  add(first: number, second: number, values: readonly (string | null)[]): void {
    const bucket = first % BUCKETS;
    // Added, so that two rows alike do not cancel out.
    this.#people[bucket] = (this.#people[bucket] ?? 0) + mixed(second, first);
    for (const [i, [, words]] of this.#columns.entries()) {
      const value = values[i] ?? null;
      const own = value === null ? mixed(second, 0) : mixed(mixed(second, 1), textHash(value));
      words[bucket] = (words[bucket] ?? 0) + own;
    }
  }

  sets(): ProfileSets {
    return { people: this.#people, columns: new Map(this.#columns) };
  }
}

/** What between one and nine persons tell apart in two profiles: "people", or the first such column that both show. Null when
 *  there is nothing. `hasKeys`: a person is known by its key, and one that changed is in one bucket; without keys it is its
 *  row, which leaves one bucket and enters another. */
export function nearProfile(
  one: ProfileSets,
  other: ProfileSets,
  { hasKeys }: { readonly hasKeys: boolean },
): "people" | { readonly column: string } | null {
  const few = (MIN_CELL_SUBJECTS - 1) * (hasKeys ? 1 : 2);
  const isNear = (a: Uint32Array, b: Uint32Array): boolean => {
    const differing = a.reduce((count, word, bucket) => count + (word === b[bucket] ? 0 : 1), 0);
    return differing > 0 && differing <= few;
  };
  if (isNear(one.people, other.people)) return "people";
  for (const [column, words] of one.columns) {
    const before = other.columns.get(column);
    if (before !== undefined && isNear(words, before)) return { column };
  }
  return null;
}

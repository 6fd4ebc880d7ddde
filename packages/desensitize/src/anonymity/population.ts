/** The whole table behind a sample, by distinct tuples: how many persons of it look like a class of the sample.
 *  @module */
import type { CodedValue } from "./dimension.ts";
import { groupCodes } from "./group.ts";
import { personsOf, type TupleClasses } from "./judge.ts";
import type { TupleTable } from "./tuples.ts";

/** Tuples of the whole table, ready to be counted at any levels. */
export class Population {
  readonly #sample: TupleTable;
  /** The whole table itself. */
  readonly whole: TupleTable;
  /** By dimension and level: the sample's code of each code of the whole table; one past the last where it has none. */
  readonly #translated: readonly (readonly Uint32Array[])[];

  /** `whole` has the dimensions of `sample`, made from the same hierarchies. */
  constructor(sample: TupleTable, whole: TupleTable) {
    this.#sample = sample;
    this.whole = whole;
    this.#translated = whole.dimensions.map(({ levels }, d) =>
      levels.map(({ shown }, level) => translate(shown, sample.dimensions[d]?.levels[level]?.shown ?? [])),
    );
  }

  /** Persons of the whole table in each class of the sample at `levels`. */
  personsOf({ classOf, count }: TupleClasses, levels: readonly number[]): Float64Array {
    const length = this.#sample.count + this.whole.count;
    const columns = this.#sample.dimensions.map(({ levels: own }, d) => {
      const codes = new Uint32Array(length);
      const at = levels[d] ?? 0;
      const map = own[at]?.map ?? new Uint32Array(0);
      const translated = this.#translated[d]?.[at];
      const wholeMap = this.whole.dimensions[d]?.levels[at]?.map;
      for (const [i, code] of (this.#sample.codes[d] ?? []).entries()) codes[i] = map[code] ?? 0;
      for (const [i, code] of (this.whole.codes[d] ?? []).entries()) {
        codes[this.#sample.count + i] = translated?.[wholeMap?.[code] ?? 0] ?? 0;
      }
      return { codes, size: (own[at]?.shown.length ?? 0) + 1 };
    });
    const { ids, count: found } = groupCodes(columns, length);
    const ofGroup = new Uint32Array(found).fill(count); // one past the last: nobody of the sample
    for (let i = 0; i < this.#sample.count; i++) ofGroup[ids[i] ?? 0] = classOf[i] ?? 0;
    const whole = ids.subarray(this.#sample.count).map((group) => ofGroup[group] ?? count);
    return personsOf(this.whole.persons, { classOf: whole, count: count + 1 }).subarray(0, count);
  }
}

function translate(from: readonly CodedValue[], to: readonly CodedValue[]): Uint32Array {
  const codes = new Map(to.map((value, code) => [value, code]));
  return Uint32Array.from(from, (value) => codes.get(value) ?? to.length);
}

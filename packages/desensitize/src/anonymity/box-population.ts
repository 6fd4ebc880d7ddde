/** The whole table behind a sample as points on the sample's axes: how many of its persons a box holds. What lies in the box
 *  lies on the box's side of every cut, so this is whom the box is said to show.
 *  @module */
import { positionOf, type Axis } from "./axis.ts";
import type { TupleTable } from "./tuples.ts";

/** Lowest and highest rank of a box, by column. */
export interface Extent {
  readonly low: number;
  readonly high: number;
}

/** Tuples of the whole table. */
export class BoxPopulation {
  /** Every tuple. */
  readonly all: Uint32Array;
  /** By column, the place of each tuple. */
  readonly #places: readonly Float64Array[];
  /** Persons of each tuple that have no other. */
  readonly #persons: Float64Array;
  /** Of each tuple, its persons that have others. */
  readonly #several = new Map<number, number[]>();

  /** `whole` has the columns of `axes`, in their order. */
  constructor(axes: readonly Axis[], whole: TupleTable) {
    this.all = Uint32Array.from({ length: whole.count }, (_, tuple) => tuple);
    this.#places = whole.dimensions.map(({ values }, d) => {
      const axis = axes[d];
      const places = values.map((value) => (axis === undefined ? -1 : positionOf(axis, value)));
      return Float64Array.from(whole.codes[d] ?? [], (code) => places[code] ?? -1);
    });
    this.#persons = new Float64Array(whole.count);
    const { tuple, weight, several } = whole.persons;
    for (const [entry, at] of tuple.entries()) this.#persons[at] = (this.#persons[at] ?? 0) + (weight[entry] ?? 0);
    for (const [entry, at] of several.tuple.entries()) {
      const own = this.#several.get(at);
      if (own === undefined) this.#several.set(at, [several.person[entry] ?? 0]);
      else own.push(several.person[entry] ?? 0);
    }
  }

  /** Those of `tuples` that lie in a box. */
  inside(tuples: Uint32Array, box: readonly Extent[]): Uint32Array {
    return tuples.filter((tuple) =>
      box.every(({ low, high }, d) => {
        const place = this.#places[d]?.[tuple] ?? -1;
        return place >= low && place <= high;
      }),
    );
  }

  /** Persons of `tuples`, each once. */
  personsOf(tuples: Uint32Array): number {
    let persons = 0;
    const several = new Set<number>();
    for (const tuple of tuples) {
      persons += this.#persons[tuple] ?? 0;
      for (const person of this.#several.get(tuple) ?? []) several.add(person);
    }
    return persons + several.size;
  }
}

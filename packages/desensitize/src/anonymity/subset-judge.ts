/** Whether one set of tuples keeps a model: the same rules as `judge.ts`, for one class at a time.
 *  @module */
import { Histogram, type Whole } from "./histogram.ts";
import type { Incidence } from "./incidence.ts";
import type { ClassJudge } from "./judge.ts";
import { figuresOf, type SensitiveTable } from "./sensitive.ts";
import type { TupleTable } from "./tuples.ts";

/** Entries by tuple: those of tuple i are `order[starts[i]]` to `order[starts[i + 1] - 1]`. */
interface ByTuple {
  readonly starts: Uint32Array;
  readonly order: Uint32Array;
}

/** Judges sets of tuples of one table. */
export class SubsetJudge {
  readonly #judge: ClassJudge;
  readonly #persons: Float64Array;
  readonly #several: Incidence["several"];
  readonly #severalByTuple: ByTuple;
  readonly #sensitive: readonly {
    readonly table: SensitiveTable;
    readonly whole: Whole;
    readonly histogram: Histogram;
    readonly single: ByTuple;
    readonly several: ByTuple;
  }[];

  constructor(table: TupleTable, judge: ClassJudge) {
    this.#judge = judge;
    this.#persons = new Float64Array(table.count);
    for (const [entry, at] of table.persons.tuple.entries()) this.#persons[at] = table.persons.weight[entry] ?? 0;
    this.#several = table.persons.several;
    this.#severalByTuple = byTuple(this.#several.tuple, table.count);
    this.#sensitive = judge.sensitive.map(([of, whole]) => ({
      table: of,
      whole,
      histogram: new Histogram(of.size),
      single: byTuple(of.incidence.tuple, table.count),
      several: byTuple(of.incidence.several.tuple, table.count),
    }));
  }

  /** Whether the persons that have one tuple alone decide: then persons add up. */
  get addsUp(): boolean {
    return this.#judge.countsOnly && this.#several.person.length === 0;
  }

  /** Persons of `tuple` that have no other. */
  personsOf(tuple: number): number {
    return this.#persons[tuple] ?? 0;
  }

  /** How many persons `tuples` have. */
  countPersons(tuples: Uint32Array): number {
    let persons = 0;
    const several = new Set<number>();
    for (const tuple of tuples) {
      persons += this.#persons[tuple] ?? 0;
      forEntries(this.#severalByTuple, tuple, (entry) => several.add(this.#several.person[entry] ?? 0));
    }
    return persons + several.size;
  }

  /** Whether `tuples`, as one class of `persons`, keep the model, whatever share of the whole table they show. */
  passes(tuples: Uint32Array, persons: number): boolean {
    if (persons < this.#judge.demands.k) return false;
    return this.#sensitive.every((sensitive) => {
      const { table, whole, histogram } = sensitive;
      const { value, weight, several: shared } = table.incidence;
      const counted = new Set<number>();
      histogram.clear();
      for (const tuple of tuples) {
        forEntries(sensitive.single, tuple, (entry) => histogram.add(value[entry] ?? 0, weight[entry] ?? 0));
        forEntries(sensitive.several, tuple, (entry) => {
          const key = (shared.person[entry] ?? 0) * table.size + (shared.value[entry] ?? 0);
          if (counted.has(key)) return;
          counted.add(key);
          histogram.add(shared.value[entry] ?? 0, 1);
        });
      }
      return this.#judge.marks(figuresOf(histogram, whole, table.ordered)) === 0;
    });
  }
}

function forEntries({ starts, order }: ByTuple, tuple: number, visit: (entry: number) => void): void {
  for (let i = starts[tuple] ?? 0; i < (starts[tuple + 1] ?? 0); i++) visit(order[i] ?? 0);
}

function byTuple(tuple: Uint32Array, count: number): ByTuple {
  const starts = new Uint32Array(count + 1);
  for (const at of tuple) starts[at + 1] = (starts[at + 1] ?? 0) + 1;
  for (let at = 0; at < count; at++) starts[at + 1] = (starts[at + 1] ?? 0) + (starts[at] ?? 0);
  const next = starts.slice();
  const order = new Uint32Array(tuple.length);
  for (const [entry, at] of tuple.entries()) {
    order[next[at] ?? 0] = entry;
    next[at] = (next[at] ?? 0) + 1;
  }
  return { starts, order };
}

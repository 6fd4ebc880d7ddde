/** What a class tells of a sensitive column beside who is in it: distinct values and entropy (l-diversity, Machanavajjhala et
 *  al. 2007), and the distance of its distribution from that of the whole table (t-closeness, Li et al. 2007). All are
 *  counted in persons: ten rows of one person say one thing about one person.
 *  @module */
import { cumulate, equalDistance, Histogram, orderedDistance, type Whole } from "./histogram.ts";
import type { Incidence } from "./incidence.ts";

/** A sensitive column as the classes need it. */
export interface SensitiveTable {
  readonly name: string;
  /** Distinct values, codes ascending. */
  readonly size: number;
  /** Whether the distance between values counts, or only whether they differ. */
  readonly ordered: boolean;
  readonly incidence: Incidence;
}

/** Figures of one class. */
export interface ClassFigures {
  /** Distinct values. */
  readonly distinct: number;
  /** exp of the entropy in nats. */
  readonly entropyL: number;
  /** Distance from the whole table, in [0, 1]. */
  readonly distance: number;
}

/** Figures of what `histogram` holds. */
export function figuresOf(histogram: Histogram, whole: Whole, ordered: boolean): ClassFigures {
  return {
    distinct: histogram.values.length,
    entropyL: Math.exp(histogram.entropy()),
    distance: ordered ? orderedDistance(histogram, whole) : equalDistance(histogram, whole),
  };
}

/** Calls `visit` with the figures of each of `count` classes; `classOf` is the class of each tuple. */
export function forEachFigures(
  table: SensitiveTable,
  whole: Whole,
  classes: { readonly classOf: Uint32Array; readonly count: number },
  visit: (number: number, figures: ClassFigures) => void,
): void {
  const histogram = new Histogram(table.size);
  forEachClass(table.incidence, classes.classOf, classes.count, histogram, (number) =>
    visit(number, figuresOf(histogram, whole, table.ordered)),
  );
}

/** Fills `histogram` with each class in turn. */
function forEachClass(
  { tuple, value, weight, several }: Incidence,
  classOf: Uint32Array,
  count: number,
  histogram: Histogram,
  visit: (number: number) => void,
): void {
  const single = orderByClass(tuple, classOf, count);
  const multiple = orderByClass(several.tuple, classOf, count);
  // A person's entries of one class are neighbours: `counted[v]` is the last turn that counted value v.
  const counted = new Float64Array(histogram.counts.length);
  let turn = 0;
  for (let number = 0; number < count; number++) {
    histogram.clear();
    for (let i = single.starts[number] ?? 0; i < (single.starts[number + 1] ?? 0); i++) {
      const entry = single.order[i] ?? 0;
      histogram.add(value[entry] ?? 0, weight[entry] ?? 0);
    }
    let last = -1;
    for (let i = multiple.starts[number] ?? 0; i < (multiple.starts[number + 1] ?? 0); i++) {
      const entry = multiple.order[i] ?? 0;
      const person = several.person[entry] ?? 0;
      if (person !== last) turn++;
      last = person;
      const code = several.value[entry] ?? 0;
      if (counted[code] === turn) continue;
      counted[code] = turn;
      histogram.add(code, 1);
    }
    visit(number);
  }
}

/** Entries by class, in their own order within one: a counting sort. */
function orderByClass(
  tuple: Uint32Array,
  classOf: Uint32Array,
  count: number,
): { order: Uint32Array; starts: Uint32Array } {
  const starts = new Uint32Array(count + 1);
  for (const at of tuple) starts[(classOf[at] ?? 0) + 1] = (starts[(classOf[at] ?? 0) + 1] ?? 0) + 1;
  for (let number = 0; number < count; number++) starts[number + 1] = (starts[number + 1] ?? 0) + (starts[number] ?? 0);
  const next = starts.slice();
  const order = new Uint32Array(tuple.length);
  for (const [entry, at] of tuple.entries()) {
    const number = classOf[at] ?? 0;
    order[next[number] ?? 0] = entry;
    next[number] = (next[number] ?? 0) + 1;
  }
  return { order, starts };
}

/** Distribution of the whole table. */
export function wholeDistribution({ size, incidence }: SensitiveTable): Whole {
  const share = new Float64Array(size);
  const histogram = new Histogram(size);
  const tuples = 1 + Math.max(maximum(incidence.tuple), maximum(incidence.several.tuple));
  forEachClass(incidence, new Uint32Array(tuples), 1, histogram, () => {
    for (const value of histogram.values) share[value] = histogram.share(value);
  });
  return cumulate(share);
}

function maximum(codes: Uint32Array): number {
  return codes.reduce((most, code) => Math.max(most, code), 0);
}

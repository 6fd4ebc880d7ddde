/** How large the classes of a sample are, for a chart: counts between bounds that double.
 *  @module */

/** Classes of `from` to `to` persons. */
export interface ClassSizes {
  readonly from: number;
  readonly to: number;
  readonly classes: number;
  readonly persons: number;
}

/** Bounds at which a range begins; the last is open. */
const BOUNDS = [1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1_000, 10_000, 100_000] as const;

/** The ranges from the first to the last that has a class. `persons[j]` is at least 1. */
export function classSizes(persons: ArrayLike<number>): ClassSizes[] {
  const ranges = BOUNDS.map((from, i) => ({
    from,
    to: (BOUNDS[i + 1] ?? 2 ** 31) - 1,
    classes: 0,
    persons: 0,
  }));
  for (let j = 0; j < persons.length; j++) {
    const size = persons[j] ?? 1;
    const range = ranges.find(({ to }) => size <= to);
    if (range === undefined) continue;
    range.classes++;
    range.persons += size;
  }
  const used = ranges.map(({ classes }) => classes > 0);
  return ranges.slice(Math.max(0, used.indexOf(true)), used.lastIndexOf(true) + 1);
}

/** Sums of groups for hidden selections: what one person adds is bounded as for a noisy table, and groups are exact. The result
 *  stays in the domain, which adds noise to each answer; persons are counted so that no group has too few.
 *  @module */
import { tableCells, type ColumnBatch, type HiddenSelectionSpec } from "@sluice/protocol";
import { boundContributions } from "../privacy/bound-contributions.ts";
import type { RandomWords } from "../privacy/random-words.ts";
import { cellsOf, columnOf, sumUnits } from "./bounded-sums.ts";

/** One group, in the order of `selectionLabels`. */
export interface GroupSums {
  /** Persons of whom a row is counted in it. */
  readonly persons: number;
  /** Rows, then each declared measure in units of its last digit. */
  readonly sums: readonly bigint[];
}

/** The groups of `spec` over `rows`, of which `subjects[i]` says whom row i is about: numbers below the number of rows.
 *  @throws ERR_JOB_MANIFEST when a column is missing or of another type */
export function groupSums(
  rows: ColumnBatch,
  subjects: Uint32Array,
  { dimensions, measures, contribution }: HiddenSelectionSpec,
  words: RandomWords,
): GroupSums[] {
  const count = tableCells(dimensions);
  const groupOf = boundContributions(cellsOf(rows, dimensions), count, subjects, contribution, words);
  const persons = personsOf(groupOf, count, subjects);
  const counts = Array.from({ length: count }, () => 0n);
  for (const group of groupOf) if (group < count) counts[group] = (counts[group] ?? 0n) + 1n;
  const sums = measures.map((measure) => sumUnits(columnOf(rows, measure.field), measure, groupOf, count));
  return persons.map((number, i) => ({
    persons: number,
    sums: [counts[i] ?? 0n, ...sums.map((sum) => sum[i] ?? 0n)],
  }));
}

/** How many persons have a row in each group. */
function personsOf(groupOf: Uint16Array, count: number, subjects: Uint32Array): number[] {
  const order = Uint32Array.from(groupOf.keys()).toSorted(
    (a, b) => (groupOf[a] ?? 0) - (groupOf[b] ?? 0) || (subjects[a] ?? 0) - (subjects[b] ?? 0),
  );
  const persons = Array.from({ length: count }, () => 0);
  let last: number | undefined;
  for (const row of order) {
    const group = groupOf[row] ?? count;
    if (group >= count) break;
    const same = last !== undefined && groupOf[last] === group && subjects[last] === subjects[row];
    if (!same) persons[group] = (persons[group] ?? 0) + 1;
    last = row;
  }
  return persons;
}

/** The mean of one cell, unless it would say too much of somebody.
 *  @see Hundepool et al., Statistical Disclosure Control (2012), §4.2.1: dominance and p% rules
 *  @module */
import { MIN_CELL_SUBJECTS } from "./subjects.ts";

/** The two largest contributions are at most this share of all (ACRO's NK rule: n = 2, k = 0.9). What is left is then a
 *  tenth of all or more, and so of the largest: the p% rule with p = 0.1 holds, too, and is not checked again. */
const MAX_DOMINANT_SHARE = 0.9;

/** Mean of those of `values` that are no NaN; null when fewer than MIN_CELL_SUBJECTS have one, when fewer have another value
 *  than some one value, or when one or two subjects dominate the sum or what is apart from the median: of a subject, the
 *  magnitude of its sum counts.
 *  @param subjects Number of the subject of each value, below the length of `sums`
 *  @param sums Is overwritten */
export function safeMean(values: Float64Array, subjects: Uint32Array, sums: Float64Array): number | null {
  let [count, sum] = [0, 0];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    count++;
    sum += value;
  }
  if (isDominated(values, { subjects, sums, from: 0 }) || allButFewHave(values, subjects)) return null;
  // NaN comes last.
  const median = values.slice().sort()[count >> 1] ?? 0;
  return isDominated(values, { subjects, sums, from: median }) ? null : sum / count;
}

/** Whether there is a value such that fewer than MIN_CELL_SUBJECTS have another: the mean is then about those few. Of any
 *  MIN_CELL_SUBJECTS subjects, one has nothing but that value. */
function allButFewHave(values: Float64Array, subjects: Uint32Array): boolean {
  const [some, tried] = [new Set<number>(), new Set<number>()];
  for (let i = 0; i < values.length && some.size < MIN_CELL_SUBJECTS; i++) {
    const value = values[i] ?? Number.NaN;
    if (Number.isNaN(value) || some.has(subjects[i] ?? 0)) continue;
    some.add(subjects[i] ?? 0);
    tried.add(value);
  }
  return [...tried].some((value) => {
    const others = new Set<number>();
    for (let i = 0; i < values.length && others.size < MIN_CELL_SUBJECTS; i++) {
      const other = values[i] ?? Number.NaN;
      if (!Number.isNaN(other) && other !== value) others.add(subjects[i] ?? 0);
    }
    return others.size < MIN_CELL_SUBJECTS;
  });
}

/** Whether the sums of what is apart from `from` are those of too few subjects, or mostly those of one or two. */
function isDominated(
  values: Float64Array,
  { subjects, sums, from }: { readonly subjects: Uint32Array; readonly sums: Float64Array; readonly from: number },
): boolean {
  sums.fill(Number.NaN);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    const subject = subjects[i] ?? 0;
    const before = sums[subject] ?? 0;
    sums[subject] = (Number.isNaN(before) ? 0 : before) + value - from;
  }
  let [count, total, largest, second] = [0, 0, 0, 0];
  for (const sum of sums) {
    if (Number.isNaN(sum)) continue;
    count++;
    const contribution = Math.abs(sum);
    total += contribution;
    if (contribution > largest) {
      second = largest;
      largest = contribution;
    } else if (contribution > second) second = contribution;
  }
  return count < MIN_CELL_SUBJECTS || total === 0 || largest + second > MAX_DOMINANT_SHARE * total;
}

/** The mean of one cell, unless it would say too much of somebody.
 *  @see Hundepool et al., Statistical Disclosure Control (2012), §4.2.1: dominance and p% rules
 *  @module */
import { MIN_CELL_SUBJECTS } from "./subjects.ts";

/** The two largest contributions are at most this share of all (ACRO's NK rule: n = 2, k = 0.9). What is left is then a
 *  tenth of all or more, and so of the largest: the p% rule with p = 0.1 holds, too, and is not checked again. */
const MAX_DOMINANT_SHARE = 0.9;

/** Mean of those of `values` that are no NaN; null when fewer than MIN_CELL_SUBJECTS have one, when all of them are the
 *  same, when there are two different ones and one of them is of fewer than MIN_CELL_SUBJECTS, or when one or two
 *  subjects dominate: of a subject, the magnitude of its sum counts.
 *  @param subjects Number of the subject of each value, below the length of `sums`
 *  @param sums Is overwritten */
export function safeMean(values: Float64Array, subjects: Uint32Array, sums: Float64Array): number | null {
  sums.fill(Number.NaN);
  let [count, sum, least, most] = [0, 0, Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    const subject = subjects[i] ?? 0;
    const before = sums[subject] ?? 0;
    sums[subject] = Number.isNaN(before) ? value : before + value;
    sum += value;
    count++;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (least === most || isDominated(sums)) return null;
  return splitsOff(values, subjects, { least, most, seen: sums }) ? null : sum / count;
}

/** Whether all values are `least` or `most`, and few subjects have one of the two: such a mean, of a yes or no, says how
 *  many have it, and so is a cell of its own. Overwrites `seen`. */
function splitsOff(
  values: Float64Array,
  subjects: Uint32Array,
  { least, most, seen }: { readonly least: number; readonly most: number; readonly seen: Float64Array },
): boolean {
  seen.fill(0);
  let [withLeast, withMost] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    if (value !== least && value !== most) return false;
    const subject = subjects[i] ?? 0;
    const [before, mark] = [seen[subject] ?? 0, value === least ? 1 : 2];
    if ((before & mark) !== 0) continue;
    seen[subject] = before | mark;
    if (mark === 1) withLeast++;
    else withMost++;
  }
  return Math.min(withLeast, withMost) < MIN_CELL_SUBJECTS;
}

/** Whether the sums, NaN for subjects without a value, are too few or mostly those of one or two. */
function isDominated(sums: Float64Array): boolean {
  let [subjects, total, largest, second] = [0, 0, 0, 0];
  for (const sum of sums) {
    if (Number.isNaN(sum)) continue;
    subjects++;
    const contribution = Math.abs(sum);
    total += contribution;
    if (contribution > largest) {
      second = largest;
      largest = contribution;
    } else if (contribution > second) second = contribution;
  }
  return subjects < MIN_CELL_SUBJECTS || total === 0 || largest + second > MAX_DOMINANT_SHARE * total;
}

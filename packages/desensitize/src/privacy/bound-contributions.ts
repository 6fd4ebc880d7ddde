/** Bounded contributions: of each person's rows, a random choice in at most so many groups and at most so many in each.
 *  What is chosen of one person depends on that person's rows and on chance, on nobody else's: adding or removing one
 *  person changes what is kept by that person's rows alone.
 *  @see Wilson et al., Differentially Private SQL with Bounded User Contribution (2020), §3
 *  @module */
import type { ContributionBound } from "@sluice/protocol";
import type { RandomWords } from "./random-words.ts";

/** The group of each row, with `none` for a row that is in no group.
 *  @param subjects Number of the person each row is about, below the number of rows
 *  @returns a copy of `groupOf` in which rows beyond the bound are in no group; persons are gone through in the order of
 *  their numbers */
export function boundContributions(
  groupOf: Uint16Array,
  none: number,
  subjects: Uint32Array,
  { rows: maxRows, groups: maxGroups }: ContributionBound,
  words: RandomWords,
): Uint16Array {
  const { order, starts } = bySubject(groupOf, none, subjects);
  const kept = new Uint16Array(groupOf.length).fill(none);
  const counts = new Map<number, number>();
  for (let subject = 0; subject + 1 < starts.length; subject++) {
    const [from = 0, to = 0] = [starts[subject], starts[subject + 1]];
    if (to - from > 1) shuffle(order, from, to, words);
    counts.clear();
    for (let i = from; i < to; i++) {
      const row = order[i] ?? 0;
      const group = groupOf[row] ?? none;
      const count = counts.get(group) ?? 0;
      if (count >= maxRows || (count === 0 && counts.size >= maxGroups)) continue;
      counts.set(group, count + 1);
      kept[row] = group;
    }
  }
  return kept;
}

/** Rows that are in a group, those of each person together. */
function bySubject(
  groupOf: Uint16Array,
  none: number,
  subjects: Uint32Array,
): { order: Uint32Array; starts: Uint32Array } {
  const starts = new Uint32Array(groupOf.length + 1);
  for (let row = 0; row < groupOf.length; row++) {
    const next = (subjects[row] ?? 0) + 1;
    if (groupOf[row] !== none) starts[next] = (starts[next] ?? 0) + 1;
  }
  for (let i = 1; i < starts.length; i++) starts[i] = (starts[i] ?? 0) + (starts[i - 1] ?? 0);
  const order = new Uint32Array(starts.at(-1) ?? 0);
  const next = starts.slice();
  for (let row = 0; row < groupOf.length; row++) {
    if (groupOf[row] === none) continue;
    const subject = subjects[row] ?? 0;
    const place = next[subject] ?? 0;
    next[subject] = place + 1;
    order[place] = row;
  }
  return { order, starts };
}

/** Fisher and Yates: every order of [from, to) is as likely as any other. */
function shuffle(order: Uint32Array, from: number, to: number, words: RandomWords): void {
  for (let i = to - 1; i > from; i--) {
    const j = from + words.below(i - from + 1);
    const row = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = row;
  }
}

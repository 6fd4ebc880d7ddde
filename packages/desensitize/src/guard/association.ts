/** How much one classification of rows tells of another: Goodman and Kruskal's lambda, Theil's uncertainty coefficient.
 *  @see Goodman and Kruskal, Measures of Association for Cross Classifications, JASA 49 (1954); Theil, On the Estimation
 *    of Relationships Involving Qualitative Variables, AJS 76 (1970); Miller (1955) for the bias of the second
 *  @module */

/** Codes of rows below `levels`; rows of another code take no part. */
export interface Codes {
  readonly codes: ArrayLike<number>;
  readonly levels: number;
}

/** How well `by` tells `target`. */
export interface Recovery {
  /** Share of the errors of a guess without `by` that it saves: 1 when it tells everything, 0 when nothing. */
  readonly lambda: number;
  /** Different values of `target` that some value of `by` points at. */
  readonly recovered: number;
}

/** Rows by both classifications: row-major, `by` first. */
function crossTable(by: Codes, target: Codes): { counts: Uint32Array; total: number } {
  const counts = new Uint32Array(by.levels * target.levels);
  let total = 0;
  for (let row = 0; row < target.codes.length; row++) {
    const [b = by.levels, t = target.levels] = [by.codes[row], target.codes[row]];
    if (b >= by.levels || t >= target.levels) continue;
    const at = b * target.levels + t;
    counts[at] = (counts[at] ?? 0) + 1;
    total++;
  }
  return { counts, total };
}

/** For a target of few levels: the table of both is held. */
export function recovery(by: Codes, target: Codes): Recovery {
  const { counts, total } = crossTable(by, target);
  const own = new Uint32Array(target.levels);
  const pointed = new Set<number>();
  let right = 0;
  for (let b = 0; b < by.levels; b++) {
    let [most, value] = [0, -1];
    for (let t = 0; t < target.levels; t++) {
      const count = counts[b * target.levels + t] ?? 0;
      own[t] = (own[t] ?? 0) + count;
      if (count > most) [most, value] = [count, t];
    }
    right += most;
    if (value >= 0) pointed.add(value);
  }
  const base = own.reduce((most, count) => Math.max(most, count), 0);
  return { lambda: total === base ? 0 : (right - base) / (total - base), recovered: pointed.size };
}

/** For each level of `by`, the level of `target` that most of its rows have; the first when it has none. */
export function likeliest(by: Codes, target: Codes): number[] {
  const { counts } = crossTable(by, target);
  return Array.from({ length: by.levels }, (_, b) => {
    const own = counts.subarray(b * target.levels, (b + 1) * target.levels);
    return own.indexOf(own.reduce((most, count) => Math.max(most, count), 0));
  });
}

/** Share of what there is to know of `target` that `by` tells, 0 to 1, less what chance alone would show in so few rows;
 *  0 when there is nothing to know. */
export function uncertainty(by: Codes, target: Codes): number {
  const { counts, total } = crossTable(by, target);
  if (total === 0) return 0;
  const sumsOf = (levels: number, at: (i: number, j: number) => number, others: number): number[] =>
    Array.from({ length: levels }, (_, i) => {
      let sum = 0;
      for (let j = 0; j < others; j++) sum += counts[at(i, j)] ?? 0;
      return sum;
    });
  const byBy = sumsOf(by.levels, (b, t) => b * target.levels + t, target.levels);
  const byTarget = sumsOf(target.levels, (t, b) => b * target.levels + t, by.levels);
  const entropy = (parts: Iterable<number>): number => {
    let nats = 0;
    for (const part of parts) if (part > 0) nats -= (part / total) * Math.log(part / total);
    return nats;
  };
  const used = (sums: number[]): number => sums.filter((sum) => sum > 0).length;
  const own = entropy(byTarget);
  if (own === 0) return 0;
  const chance = ((used(byBy) - 1) * (used(byTarget) - 1)) / (2 * total);
  return Math.max(0, (entropy(byBy) + own - entropy(counts) - chance) / own);
}

/** What a benchmark suite is, and how a figure is compared with a peer: both are measured in the same run, one after
 *  the other in pairs, so that a noisy machine treats them alike.
 *  @module */

/** One figure. `ratio` says how many times better than the peer; it stands only beside a peer measured in this run. */
export type Row = {
  name: string;
  /** Items that one measurement handled. */
  n: number;
  value: number;
  unit: string;
  peer?: string;
  peerValue?: number;
  ratio?: number;
};

/** A suite: a file of this folder, named like the suite, exports one as `suite`. */
export type Suite = {
  name: string;
  /** Says what each row is, in one sentence, above the table of the README. */
  note: string;
  /** English words of its rows with their Chinese, applied in this order to the table of the Chinese README. */
  chinese: readonly (readonly [string, string])[];
  run(progress: (line: string) => void): Promise<Row[]>;
};

/** Fewest pairs behind a ratio. */
export const MIN_PAIRS = 5;

/** One side of a comparison: does the work once and returns its figure. */
export type Measurement = () => Promise<number>;

/** The middle one of `numbers`, or the mean of the two middle ones. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}

/** Measures one figure `rounds` times and gives the median. */
export async function measure(
  row: { name: string; n: number; unit: string },
  rounds: number,
  once: Measurement,
): Promise<Row> {
  const values: number[] = [];
  for (let round = 0; round < rounds; round++) values.push(await once());
  return { ...row, value: significant(median(values)) };
}

/** Measures ours and the peer in `pairs` pairs, swapping who goes first; the ratio is the median of the pairs' ratios.
 *  One pair before the first is thrown away, so that neither side pays for warming up. */
export async function compare(
  row: { name: string; n: number; unit: string; better: "higher" | "lower"; peer: string; pairs?: number },
  ours: Measurement,
  peer: Measurement,
): Promise<Row> {
  const pairs = Math.max(row.pairs ?? MIN_PAIRS, MIN_PAIRS);
  const values: number[] = [];
  const peerValues: number[] = [];
  for (let pair = -1; pair < pairs; pair++) {
    const peerFirst = pair % 2 !== 0;
    const before = peerFirst ? await peer() : undefined;
    const value = await ours();
    const peerValue = before ?? (await peer());
    if (pair < 0) continue;
    values.push(value);
    peerValues.push(peerValue);
  }
  const ratios = values.map((value, i) => {
    const peerValue = peerValues[i] ?? Number.NaN;
    return row.better === "higher" ? value / peerValue : peerValue / value;
  });
  return {
    name: row.name,
    n: row.n,
    value: significant(median(values)),
    unit: row.unit,
    peer: row.peer,
    peerValue: significant(median(peerValues)),
    ratio: significant(median(ratios)),
  };
}

/** Three significant digits: more would claim more than a shared machine can tell. */
function significant(value: number): number {
  return Number(value.toPrecision(3));
}

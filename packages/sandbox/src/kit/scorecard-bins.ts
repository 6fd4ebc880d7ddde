/** Columns cut into bins with weights of evidence: of the many ways to cut, one whose bins have enough rows, follow an order when
 *  asked to, and lose least of what the column tells.
 *  @see Siddiqi: Credit Risk Scorecards, ch. 6
 *  @module */
import type { Column } from "@sluice/protocol";
import { binOf } from "@sluice/protocol/model-evaluate";
import { cutsOf } from "./bins.ts";
import { present } from "./features.ts";
import { numbersOf } from "./groups.ts";

/** Rows and positive rows of one bin. */
export interface BinCount {
  readonly rows: number;
  readonly positives: number;
}

/** Numbers from `low`, or texts. */
type Piece = BinCount & { readonly low: number; readonly levels: readonly string[] };

/** How bins are cut. */
export interface BinRules {
  /** Bins of a column at most, without the last one for missing values. */
  readonly maxBins: number;
  readonly minRows: number;
  /** Whether the share of positive rows may only rise, or only fall, with a number. */
  readonly monotone: boolean;
}

/** A cut column: its breaks or groups of levels, and each bin, the last for missing values (and other texts). */
export interface CutColumn {
  readonly breaks?: number[];
  readonly levels?: string[][];
  readonly bins: BinCount[];
}

/** Quantiles at which a number is cut before bins are merged. */
const FINE_BINS = 64;

/** Cuts `column` by its labels (0 or 1). Null when no text of it has enough rows. */
export function cutColumn(column: Readonly<Column>, labels: ArrayLike<number>, rules: BinRules): CutColumn | null {
  return column.type === "dict" ? cutTexts(column, labels, rules) : cutNumbers(column, labels, rules);
}

/** ln of a bin's share of positive rows over its share of the others, each counted with `smoothing` more rows. */
export function weightOfEvidence(bins: readonly BinCount[], smoothing: number): number[] {
  const positives = bins.reduce((sum, bin) => sum + bin.positives, 0) + smoothing * bins.length;
  const others = bins.reduce((sum, bin) => sum + bin.rows - bin.positives, 0) + smoothing * bins.length;
  return bins.map(
    (bin) =>
      Math.log((bin.positives + smoothing) / positives) - Math.log((bin.rows - bin.positives + smoothing) / others),
  );
}

/** Σ (share of positive rows − share of the others) · weight of evidence: below 0.02 a column tells next to nothing. */
export function informationValue(bins: readonly BinCount[], weights: readonly number[]): number {
  const positives = Math.max(
    1,
    bins.reduce((sum, bin) => sum + bin.positives, 0),
  );
  const others = Math.max(
    1,
    bins.reduce((sum, bin) => sum + bin.rows - bin.positives, 0),
  );
  return bins.reduce(
    (sum, bin, i) => sum + (bin.positives / positives - (bin.rows - bin.positives) / others) * (weights[i] ?? 0),
    0,
  );
}

function cutNumbers(column: Readonly<Column>, labels: ArrayLike<number>, rules: BinRules): CutColumn {
  const { values } = column;
  const held = numbersOf(column).filter((value) => !Number.isNaN(value));
  const cuts = cutsOf(held.sort(), FINE_BINS, "below");
  // The last entry is for missing numbers.
  const counts = new Uint32Array(cuts.length + 2);
  const positives = new Uint32Array(cuts.length + 2);
  for (let row = 0; row < values.length; row++) {
    const value = present(column, row) ? (values[row] ?? Number.NaN) : Number.NaN;
    const bin = Number.isNaN(value) ? cuts.length + 1 : binOf(value, cuts);
    counts[bin] = (counts[bin] ?? 0) + 1;
    positives[bin] = (positives[bin] ?? 0) + (labels[row] ?? 0);
  }
  const pieces = Array.from({ length: cuts.length + 1 }, (_, bin): Piece => ({
    low: cuts[bin - 1] ?? -Infinity,
    levels: [],
    rows: counts[bin] ?? 0,
    positives: positives[bin] ?? 0,
  }));
  const merged = merge(pieces, rules);
  return {
    breaks: merged.slice(1).map((piece) => piece.low),
    bins: [...merged.map(countOf), { rows: counts.at(-1) ?? 0, positives: positives.at(-1) ?? 0 }],
  };
}

function cutTexts(
  column: Extract<Readonly<Column>, { type: "dict" }>,
  labels: ArrayLike<number>,
  rules: BinRules,
): CutColumn | null {
  const { values, dictionary } = column;
  // The last entry is for missing texts.
  const counts = new Uint32Array(dictionary.length + 1);
  const positives = new Uint32Array(dictionary.length + 1);
  for (let row = 0; row < values.length; row++) {
    const code = present(column, row) ? (values[row] ?? dictionary.length) : dictionary.length;
    counts[code] = (counts[code] ?? 0) + 1;
    positives[code] = (positives[code] ?? 0) + (labels[row] ?? 0);
  }
  let other: BinCount = { rows: counts.at(-1) ?? 0, positives: positives.at(-1) ?? 0 };
  const pieces: Piece[] = [];
  for (const [code, level] of dictionary.entries()) {
    const count = { rows: counts[code] ?? 0, positives: positives[code] ?? 0 };
    if (count.rows >= rules.minRows) pieces.push({ ...count, low: 0, levels: [level] });
    else other = plus(other, count);
  }
  if (pieces.length === 0) return null;
  pieces.sort((a, b) => rate(a) - rate(b) || ((a.levels[0] ?? "") < (b.levels[0] ?? "") ? -1 : 1));
  const merged = merge(pieces, { ...rules, monotone: false });
  return { levels: merged.map(({ levels }) => [...levels].sort()), bins: [...merged.map(countOf), other] };
}

/** Merges neighbours until each has enough rows, their shares are in order and there are few enough. */
function merge(pieces: readonly Piece[], { maxBins, minRows, monotone }: BinRules): Piece[] {
  const bins = [...pieces];
  const join = (i: number): void => {
    const [a, b] = bins.slice(i, i + 2);
    if (a !== undefined && b !== undefined) {
      bins.splice(i, 2, { ...plus(a, b), low: a.low, levels: [...a.levels, ...b.levels] });
    }
  };
  for (;;) {
    const small = bins.findIndex(({ rows }) => rows < minRows);
    if (small === -1 || bins.length === 1) break;
    const [before, after] = [lossOf(bins[small - 1], bins[small]), lossOf(bins[small], bins[small + 1])];
    join(before <= after ? small - 1 : small);
  }
  if (monotone) {
    const direction = Math.sign(trend(bins)) || 1;
    for (let i = 0; i + 1 < bins.length;) {
      const [a, b] = bins.slice(i, i + 2);
      if (a === undefined || b === undefined || direction * (rate(b) - rate(a)) > 0) i++;
      else {
        join(i);
        i = Math.max(0, i - 1);
      }
    }
  }
  while (bins.length > Math.max(1, maxBins)) {
    let least = 0;
    for (let i = 1; i + 1 < bins.length; i++) {
      if (lossOf(bins[i], bins[i + 1]) < lossOf(bins[least], bins[least + 1])) least = i;
    }
    join(least);
  }
  return bins;
}

/** Log-likelihood that is lost when two bins become one. */
function lossOf(a: BinCount | undefined, b: BinCount | undefined): number {
  if (a === undefined || b === undefined) return Infinity;
  return likelihood(a) + likelihood(b) - likelihood(plus(a, b));
}

function likelihood({ rows, positives }: BinCount): number {
  const part = (count: number): number => (count > 0 ? count * Math.log(count / rows) : 0);
  return part(positives) + part(rows - positives);
}

/** Whether the share of positive rows rises (above 0) or falls with the number of the bin. */
function trend(bins: readonly BinCount[]): number {
  const rows = bins.reduce((sum, bin) => sum + bin.rows, 0);
  const middle = bins.reduce((sum, bin, i) => sum + i * bin.rows, 0) / rows;
  return bins.reduce((sum, bin, i) => sum + (i - middle) * bin.positives, 0);
}

function rate({ rows, positives }: BinCount): number {
  return rows === 0 ? 0 : positives / rows;
}

function plus(a: BinCount, b: BinCount): BinCount {
  return { rows: a.rows + b.rows, positives: a.positives + b.positives };
}

function countOf({ rows, positives }: Piece): BinCount {
  return { rows, positives };
}

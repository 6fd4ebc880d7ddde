/** Scorecards: logistic regression over weights of evidence, so that every bin of every column has its points.
 *  @see Siddiqi: Credit Risk Scorecards, ch. 6
 *  @module */
import type { Column, Scorecard } from "@sluice/protocol";
import { binOf } from "@sluice/protocol/model-evaluate";
import type { KitRows, Matrix } from "./features.ts";
import { present } from "./features.ts";
import { DEFAULT_L2, logisticRegression } from "./logistic.ts";
import type { RegressionOptions } from "./newton.ts";
import { cutColumn, informationValue, weightOfEvidence, type BinCount, type CutColumn } from "./scorecard-bins.ts";

/** Options of `scorecard`. */
export interface ScorecardOptions extends RegressionOptions {
  /** Bins of each column at most, without that for missing values. */
  readonly maxBins?: number;
  /** Rows of a bin at least; never below 10. A twentieth of all rows unless told otherwise. */
  readonly minBinRows?: number;
  /** Rows that one person has at most: `minBinRows` counts so many times as many. The guard counts persons for itself. */
  readonly maxRowsPerPerson?: number;
  /** Columns of numbers whose share of positive rows may only rise, or only fall; or all of them. */
  readonly monotone?: boolean | readonly string[];
  /** Rows of either label that are added to each bin (Laplace). */
  readonly smoothing?: number;
}

/** A scorecard with what its bins are of. */
export interface ScorecardFit extends Scorecard {
  readonly columns: {
    readonly column: string;
    /** Information value. */
    readonly information: number;
    readonly bins: BinCount[];
  }[];
  readonly converged: boolean;
  /** Rows beyond the parameters of the regression. */
  readonly residualDf: number;
}

/** Rows of a bin at least, always. */
export const MIN_BIN_ROWS = 10;
/** Bins of a column unless told otherwise. */
export const DEFAULT_MAX_BINS = 6;
/** Rows that are added to each bin. */
export const DEFAULT_SMOOTHING = 0.5;

/** Fits P(label = 1) on `columns`. A column whose texts are all too rare is left out; a last bin (missing values, other texts)
 *  of too few rows has 0 points.
 *  @throws RangeError when labels are not 0 or 1, one per row and both there; when `minBinRows` is below 10; when no column is
 *  left */
export function scorecard(
  rows: KitRows,
  columns: readonly string[],
  labels: ArrayLike<number>,
  options: ScorecardOptions = {},
): ScorecardFit {
  const { maxBins = DEFAULT_MAX_BINS, smoothing = DEFAULT_SMOOTHING, monotone = false } = options;
  checkLabels(rows, labels);
  const minRows = minimumRows(rows, options);
  const cuts = columns.flatMap((name) => {
    const column = rows[name];
    if (typeof column !== "object") throw new RangeError(`there is no column ${name}`);
    const ordered = typeof monotone === "boolean" ? monotone : monotone.includes(name);
    const cut = cutColumn(column, labels, { maxBins, minRows, monotone: ordered });
    if (cut === null) return [];
    const weights = weightOfEvidence(cut.bins, smoothing);
    // Of few rows in the last bin, nothing is said.
    if ((cut.bins.at(-1)?.rows ?? 0) < minRows) weights[weights.length - 1] = 0;
    return [{ name, cut, weights, values: evidenceOf(column, cut, weights) }];
  });
  if (cuts.length === 0) throw new RangeError("no column has a text of enough rows");
  const matrix: Matrix = {
    rowCount: rows.rowCount,
    features: cuts.map(({ name }) => name),
    columns: cuts.map(({ values }) => values),
  };
  const fit = logisticRegression(matrix, labels, { ...options, l2: options.l2 ?? DEFAULT_L2 });
  return {
    kind: "scorecard",
    intercept: fit.intercept,
    items: cuts.map(({ name, cut: { breaks, levels }, weights }, j) => {
      const points = weights.map((weight) => weight * (fit.weights[j] ?? 0));
      return levels === undefined ? { column: name, breaks: breaks ?? [], points } : { column: name, levels, points };
    }),
    columns: cuts.map(({ name, cut: { bins }, weights }) => ({
      column: name,
      information: informationValue(bins, weights),
      bins,
    })),
    converged: fit.converged,
    residualDf: fit.residualDf,
  };
}

/** How points are written for people. */
export interface PointScale {
  /** Points at the odds `odds` of label 0 to label 1. */
  readonly base: number;
  readonly odds: number;
  /** Points that double these odds. */
  readonly pdo: number;
}

/** A scorecard in whole points: more points are less of label 1. Their sum is that of a row, to half a point per column. */
export function scalePoints(
  { intercept, items }: Readonly<Pick<Scorecard, "intercept" | "items">>,
  { base, odds, pdo }: PointScale,
): { base: number; items: { column: string; points: number[] }[] } {
  const factor = pdo / Math.LN2;
  return {
    base: Math.round(base - factor * (Math.log(odds) + intercept)),
    items: items.map(({ column, points }) => ({
      column,
      points: points.map((value) => Math.round(-factor * value)),
    })),
  };
}

function evidenceOf(
  column: Readonly<Column>,
  { breaks = [], levels }: CutColumn,
  weights: readonly number[],
): Float64Array {
  const last = weights.at(-1) ?? 0;
  const { values } = column;
  const out = new Float64Array(values.length);
  const byCode =
    column.type === "dict"
      ? column.dictionary.map((text) => weights[levels?.findIndex((group) => group.includes(text)) ?? -1] ?? last)
      : null;
  for (let row = 0; row < out.length; row++) {
    const value = present(column, row) ? (values[row] ?? Number.NaN) : Number.NaN;
    if (Number.isNaN(value)) out[row] = last;
    else out[row] = (byCode === null ? weights[binOf(value, breaks)] : byCode[value]) ?? last;
  }
  return out;
}

function minimumRows(rows: KitRows, { minBinRows, maxRowsPerPerson = 1 }: ScorecardOptions): number {
  const wanted = minBinRows ?? Math.max(MIN_BIN_ROWS, Math.ceil(rows.rowCount / 20));
  if (!(wanted >= MIN_BIN_ROWS)) throw new RangeError(`a bin has at least ${MIN_BIN_ROWS} rows`);
  if (!(maxRowsPerPerson >= 1)) throw new RangeError("a person has at least 1 row");
  return Math.max(wanted, MIN_BIN_ROWS * maxRowsPerPerson);
}

function checkLabels(rows: KitRows, labels: ArrayLike<number>): void {
  if (labels.length !== rows.rowCount) throw new RangeError(`there are ${labels.length} labels`);
  let positives = 0;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== 0 && labels[i] !== 1) throw new RangeError("a label is 0 or 1");
    positives += labels[i] ?? 0;
  }
  if (positives === 0 || positives === labels.length) throw new RangeError("both labels are needed");
}

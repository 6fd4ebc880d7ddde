/** Scorecards as linear models: one indicator column for each bin of a column but the last, which is that of what is missing or
 *  unknown and goes into the intercept. The card is public to its caller, who needs its bins to encode a row; computing
 *  it in the clear (`evaluateModel`) is equally private, and cheaper.
 *  @module */
import {
  binOf,
  columnNamed,
  hasValue,
  type LinearModel,
  type ModelRows,
  type Scorecard,
  type ScorecardItem,
} from "@sluice/protocol";
import type { ScoreColumns } from "../score-columns.ts";

/** Between column and number of the bin in the name of a feature; no column has it in its name. */
const BIN_SEPARATOR = "#";

/** The linear model that gives a card's log-odds on `scorecardColumns`, whose indicators are within ±1. */
export function scorecardModel(card: Scorecard): LinearModel {
  const last = (points: readonly number[]): number => points.at(-1) ?? 0;
  const bins = card.items.flatMap(({ column, points }) =>
    points.slice(0, -1).map((value, bin) => ({ feature: featureOf(column, bin), weight: value - last(points) })),
  );
  return {
    kind: "linear-model",
    features: bins.map(({ feature }) => feature),
    weights: bins.map(({ weight }) => weight),
    intercept: card.items.reduce((sum, { points }) => sum + last(points), card.intercept),
  };
}

/** Indicators of the rows for `ScoreClient.encrypt`: 1 where the value of a column lies in the bin.
 *  @throws RangeError when a column of the card is missing or of another type */
export function scorecardColumns(card: Scorecard, rows: ModelRows): ScoreColumns {
  return Object.fromEntries(
    card.items.flatMap((item) => {
      const columns = item.points.slice(0, -1).map(() => new Float64Array(rows.rowCount));
      const binAt = binReader(item, rows);
      for (let row = 0; row < rows.rowCount; row++) {
        const column = columns[binAt(row)];
        if (column !== undefined) column[row] = 1;
      }
      return columns.map((column, bin) => [featureOf(item.column, bin), column] as const);
    }),
  );
}

function featureOf(column: string, bin: number): string {
  return `${column}${BIN_SEPARATOR}${bin}`;
}

/** Number of the bin of each row; the last is for what is missing, and for texts in no group. */
function binReader(item: ScorecardItem, rows: ModelRows): (row: number) => number {
  const column = columnNamed(rows, item.column);
  const { values } = column;
  const last = item.points.length - 1;
  if ("levels" in item) {
    if (column.type !== "dict") throw new RangeError(`column ${item.column} has no levels`);
    const groups = column.dictionary.map((text) => {
      const group = item.levels.findIndex((levels) => levels.includes(text));
      return group === -1 ? last : group;
    });
    return (row) => (hasValue(column, row) ? (groups[values[row] ?? 0] ?? last) : last);
  }
  if (column.type === "dict") throw new RangeError(`column ${item.column} has no numbers`);
  return (row) => {
    const value = hasValue(column, row) ? (values[row] ?? Number.NaN) : Number.NaN;
    return Number.isNaN(value) ? last : binOf(value, item.breaks);
  };
}

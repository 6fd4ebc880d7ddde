/** A CSV file of rows to score: columns named like features are numbers and go out encrypted; others stay here, so that a
 *  row can be told by a number of one's own.
 *  @module */
import { usage } from "./command.ts";
import { csvLine, readCsv } from "./csv-text.ts";

/** A file taken apart. Cells stay text until a feature needs them. */
export interface ScoreFile {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Largest number of significant digits that is printed. */
const MAX_DECIMALS = 12;

/** Reads RFC 4180 text. @throws ERR_USAGE when it has no row, or a row is not as long as the header */
export function readScoreFile(text: string): ScoreFile {
  const { header, rows } = readCsv(text);
  return { header, rows: rows.map(({ cells }) => cells) };
}

/** The columns of `features`. @throws ERR_USAGE naming the column, and the row of what is no number */
export function featureColumns(file: ScoreFile, features: readonly string[]): Record<string, Float64Array> {
  return Object.fromEntries(
    features.map((feature) => {
      const at = file.header.indexOf(feature);
      if (at < 0) throw usage(`the header lacks column "${feature}"; the model needs ${features.join(", ")}`);
      return [feature, Float64Array.from(file.rows, (row, i) => numberOf(row[at] ?? "", feature, i))];
    }),
  );
}

/** The file with two more columns; decimals beyond `precision` are not printed. */
export function scoredText(
  { header, rows }: ScoreFile,
  { scores, responses }: { readonly scores: Float64Array; readonly responses: Float64Array },
  precision: number,
): string {
  const decimals = Math.min(MAX_DECIMALS, Math.max(1, Math.floor(-Math.log10(precision))));
  const lines = rows.map((row, i) => {
    const numbers = [scores[i], responses[i]].map((value) => (value ?? Number.NaN).toFixed(decimals));
    return csvLine([...row, ...numbers]);
  });
  return `${[csvLine([...header, "score", "response"]), ...lines].join("\n")}\n`;
}

function numberOf(cell: string, feature: string, row: number): number {
  const text = cell.trim();
  const value = Number(text);
  // The cell itself is not told: it may be somebody's.
  if (text === "" || !Number.isFinite(value)) throw usage(`row ${row + 1} has no number in column "${feature}"`);
  return value;
}

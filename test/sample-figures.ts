/** Figures of a sample from its written rows and the rows of its table alone, beside those that the commands print.
 *  @module */
import { readFile } from "node:fs/promises";

/** Figures of the classes of a sample. */
export interface ClassFigures {
  /** Rows of the smallest class. */
  readonly smallest: number;
  /** Mean of 1/f over classes. */
  readonly mean: number;
  /** Highest risk of a journalist, 1/F of the smallest class in the table. */
  readonly journalist: number;
  readonly marketer: number;
}

/** Figures of rows, one to a person, by their quasi-identifiers: of a sample, and of the table under the same transforms. */
export function classFigures(sample: readonly string[], table: readonly string[]): ClassFigures {
  const f = Map.groupBy(sample, (key) => key);
  const F = Map.groupBy(table, (key) => key);
  const pairs = [...f].map(([key, rows]) => [rows.length, F.get(key)?.length ?? 0] as const);
  return {
    smallest: Math.min(...pairs.map(([own]) => own)),
    mean: pairs.reduce((sum, [own]) => sum + 1 / own, 0) / pairs.length,
    journalist: 1 / Math.min(...pairs.map(([, all]) => all)),
    marketer: pairs.reduce((sum, [own, all]) => sum + own / all, 0) / sample.length,
  };
}

/** Lower bound of the bucket of `value`. */
export const bucket = (value: number, width: number, min: number, max: number): number =>
  min + Math.floor((Math.min(Math.max(value, min), max) - min) / width) * width;

/** Cells of a file that `sluice domain sample --out` wrote, of `columns`. */
export async function writtenRows(file: string, columns: readonly string[]): Promise<string[][]> {
  const [header = "", ...lines] = (await readFile(file, "utf8")).replace("\uFEFF", "").trimEnd().split("\r\n");
  const at = columns.map((name) => header.split(",").indexOf(name));
  return lines.map((line) => at.map((i) => line.split(",")[i] ?? ""));
}

/** Features of a model by their names, read from columns a block of rows at a time: `age` for the number in column `age`,
 *  `region=north` for 1 where column `region` is `north` and 0 elsewhere. A missing number is 0, a missing text is no level.
 *  Jobs bundle this file, so it loads nothing.
 *  @module */
import type { Column } from "./columns.ts";

/** Between the column and the level in the name of an indicator. */
export const LEVEL_SEPARATOR = "=";

/** Rows that a model is applied to. */
export interface ModelRows {
  readonly rowCount: number;
  /** The column of this name; undefined when there is none. */
  readonly columnOf: (name: string) => Readonly<Column> | undefined;
  /** Reads a feature that these rows have ready, whatever their columns. */
  readonly readerOf?: (feature: string) => BlockReader | undefined;
}

/** Fills `out` with the numbers of as many rows, from row `from` on. */
export type BlockReader = (from: number, out: Float64Array) => void;

/** Reads one feature. @throws RangeError when it names no column, a number of a column of texts, or a level of one without */
export function featureReader(rows: ModelRows, feature: string): BlockReader {
  const ready = rows.readerOf?.(feature);
  if (ready !== undefined) return ready;
  const at = feature.indexOf(LEVEL_SEPARATOR);
  if (at === -1) {
    const column = columnNamed(rows, feature);
    if (column.type === "dict") throw new RangeError(`column ${feature} has no numbers`);
    const read = numberReader(column.values);
    if (column.validity === undefined) return read;
    // What stands in the place of a missing number may be anything.
    return (from, out) => {
      read(from, out);
      for (let i = 0; i < out.length; i++) if (!hasValue(column, from + i)) out[i] = 0;
    };
  }
  const column = columnNamed(rows, feature.slice(0, at));
  if (column.type !== "dict") throw new RangeError(`feature ${feature} needs a dict column`);
  const code = column.dictionary.indexOf(feature.slice(at + 1));
  if (code === -1) return (_from, out) => void out.fill(0);
  const { values } = column;
  return (from, out) => {
    for (let i = 0; i < out.length; i++) out[i] = values[from + i] === code && hasValue(column, from + i) ? 1 : 0;
  };
}

/** The column of this name. @throws RangeError when there is none */
export function columnNamed(rows: ModelRows, name: string): Readonly<Column> {
  const column = rows.columnOf(name);
  if (column === undefined) throw new RangeError(`there is no column ${name}`);
  return column;
}

/** Whether row `row` of `column` has a value. */
export function hasValue(column: Readonly<Column>, row: number): boolean {
  return column.validity === undefined || (((column.validity[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
}

/** Reads numbers that stand in one array. */
export function numberReader(values: Column["values"]): BlockReader {
  return (from, out) => out.set(values.subarray(from, from + out.length));
}

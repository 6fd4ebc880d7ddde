/** From columns to a matrix of numbers. A feature is named `age` for the number in column `age`, or
 *  `region=north` for 1 where column `region` is `north` and 0 elsewhere: a model is applied by these names
 *  alone, so it fits a table whose dictionaries are ordered differently.
 *  @module */
import type { Column } from "@sluice/protocol";
import {
  columnNamed,
  featureReader,
  hasValue,
  LEVEL_SEPARATOR,
  numberReader,
  type ModelRows,
} from "@sluice/protocol/model-features";

/** Rows as a job has them. */
export interface KitRows {
  readonly rowCount: number;
  readonly [column: string]: Readonly<Column> | number | ((use: never) => void);
}

/** Numbers by feature: `columns[j][i]` is feature j of row i. */
export interface Matrix {
  readonly rowCount: number;
  readonly features: readonly string[];
  readonly columns: readonly Float64Array[];
}

/** Most levels of one column unless told otherwise. */
export const DEFAULT_MAX_LEVELS = 40;

/** Rows that a level needs to become a feature unless told otherwise: the guard lets no rarer level out. */
export const DEFAULT_MIN_LEVEL_ROWS = 10;

/** Which levels become features. */
export interface LevelOptions {
  readonly maxLevels?: number;
  /** Rows, not persons, whom the guard counts: it refuses a level of fewer than 10 persons by rule `model-support`. */
  readonly minLevelRows?: number;
  /** Rows that one person has at most, 1 unless told otherwise: a level then needs `minLevelRows` times as many, so that they
   *  are of at least `minLevelRows` persons. The guard relies on its own count alone. */
  readonly maxRowsPerPerson?: number;
}

/** Feature names for `columns`: a dict column becomes one indicator per level except its first in sorted
 *  order, any other column stays. Levels of too few rows are left out, and count as the first.
 *  @throws RangeError when a column has more than `maxLevels` levels. */
export function featureNames(rows: KitRows, columns: readonly string[], options: LevelOptions = {}): string[] {
  const { maxLevels = DEFAULT_MAX_LEVELS, minLevelRows = DEFAULT_MIN_LEVEL_ROWS, maxRowsPerPerson = 1 } = options;
  const least = Math.max(1, minLevelRows * maxRowsPerPerson);
  return columns.flatMap((name) => {
    const column = columnOf(rows, name);
    if (column.type !== "dict") return [name];
    const { values, dictionary } = column;
    const counts = new Uint32Array(dictionary.length);
    for (let i = 0; i < values.length; i++) {
      const code = values[i] ?? 0;
      if (present(column, i)) counts[code] = (counts[code] ?? 0) + 1;
    }
    const levels = dictionary.filter((_level, code) => (counts[code] ?? 0) >= least).sort();
    if (levels.length > maxLevels) {
      throw new RangeError(`column ${name} has ${levels.length} levels; at most ${maxLevels} are allowed`);
    }
    return levels.slice(1).map((level) => `${name}${LEVEL_SEPARATOR}${level}`);
  });
}

/** The matrix of `features` (see the module). Null entries give 0.
 *  @throws RangeError when a feature names no column. */
export function designMatrix(rows: KitRows, features: readonly string[]): Matrix {
  const source = modelRows(rows);
  return { rowCount: rows.rowCount, features: [...features], columns: features.map((name) => featureOf(source, name)) };
}

/** The indicators of dict column `name`, as `featureNames` chooses them. */
export function oneHot(rows: KitRows, name: string, options: LevelOptions = {}): Matrix {
  return designMatrix(rows, featureNames(rows, [name], options));
}

/** The rows of `matrix` that `keep` marks. */
export function selectRows(matrix: Matrix, keep: Uint8Array): Matrix {
  let rowCount = 0;
  for (let i = 0; i < matrix.rowCount; i++) if (keep[i] === 1) rowCount++;
  const columns = matrix.columns.map((column) => selectValues(column, keep, rowCount));
  return { rowCount, features: matrix.features, columns };
}

/** The entries of `values` that `keep` marks; `count` of them. */
export function selectValues(values: ArrayLike<number>, keep: Uint8Array, count: number): Float64Array {
  const out = new Float64Array(count);
  let next = 0;
  for (let i = 0; i < values.length; i++) if (keep[i] === 1) out[next++] = values[i] ?? 0;
  return out;
}

/** A matrix with mean 0 and deviation 1 per feature, and what was subtracted and divided. A constant feature
 *  is only centred. */
export interface Standardized {
  readonly matrix: Matrix;
  readonly means: Float64Array;
  readonly deviations: Float64Array;
}

/** Centres and scales each feature. */
export function standardize(matrix: Matrix): Standardized {
  const { rowCount, features } = matrix;
  const means = new Float64Array(features.length);
  const deviations = new Float64Array(features.length);
  const columns = matrix.columns.map((column, j) => {
    let sum = 0;
    for (let i = 0; i < rowCount; i++) sum += column[i] ?? 0;
    const mean = rowCount === 0 ? 0 : sum / rowCount;
    let squares = 0;
    for (let i = 0; i < rowCount; i++) squares += ((column[i] ?? 0) - mean) ** 2;
    const deviation = Math.sqrt(squares / Math.max(1, rowCount));
    const scale = deviation > 1e-12 * Math.max(1, Math.abs(mean)) ? deviation : 1;
    means[j] = mean;
    deviations[j] = scale;
    const out = new Float64Array(rowCount);
    for (let i = 0; i < rowCount; i++) out[i] = ((column[i] ?? 0) - mean) / scale;
    return out;
  });
  return { matrix: { rowCount, features, columns }, means, deviations };
}

/** Rows or a matrix as a model reads them. */
export function modelRows(rows: KitRows | Matrix): ModelRows {
  if (!isMatrix(rows)) {
    const columnOf = (name: string): Readonly<Column> | undefined => {
      const column = rows[name];
      return typeof column === "object" ? column : undefined;
    };
    return { rowCount: rows.rowCount, columnOf };
  }
  const { rowCount, features, columns } = rows;
  const readers = new Map(features.map((name, j) => [name, numberReader(columns[j] ?? new Float64Array(rowCount))]));
  const readerOf = (name: string) => {
    const reader = readers.get(name);
    if (reader === undefined) throw new RangeError(`the matrix lacks feature ${name}`);
    return reader;
  };
  return { rowCount, columnOf: () => undefined, readerOf };
}

function isMatrix(rows: KitRows | Matrix): rows is Matrix {
  return Array.isArray(rows["features"]) && Array.isArray(rows["columns"]);
}

function featureOf(rows: ModelRows, feature: string): Float64Array {
  const out = new Float64Array(rows.rowCount);
  featureReader(rows, feature)(0, out);
  return out;
}

function columnOf(rows: KitRows, name: string): Readonly<Column> {
  return columnNamed(modelRows(rows), name);
}

/** Whether row `row` of `column` has a value. */
export const present: (column: Readonly<Column>, row: number) => boolean = hasValue;

/** A table as its distinct tuples of quasi-identifiers: what a search costs follows these, not the rows.
 *  @module */
import { SluiceError, type Column, type ColumnBatch } from "@sluice/protocol";
import { createDimension, encodeColumn, type ColumnHierarchy, type Dimension } from "./dimension.ts";
import { groupCodes } from "./group.ts";
import { countIncidence, type Incidence, type Subjects } from "./incidence.ts";

/** Quasi-identifiers of one table. */
export const MAX_QUASI_IDENTIFIERS = 32;

/** Distinct tuples. */
export interface TupleTable {
  readonly count: number;
  readonly dimensions: readonly Dimension[];
  /** By dimension, the code of each tuple at the lowest level. */
  readonly codes: readonly Uint32Array[];
  /** Rows of each tuple. */
  readonly rows: Float64Array;
  readonly rowCount: number;
  /** Persons of each tuple; all values are 0. */
  readonly persons: Incidence;
  /** The tuple of each row of the batch. */
  readonly tupleOf: Uint32Array;
}

/** What is counted, and how its columns may become coarser. */
export interface TupleSource {
  readonly batch: ColumnBatch;
  readonly quasi: readonly string[];
  readonly hierarchies: Readonly<Record<string, ColumnHierarchy>>;
  readonly subjects?: Subjects | undefined;
  /** Rows, each another person, that each row of the batch stands for; without it one. Not with `subjects`. */
  readonly weights?: Float64Array | undefined;
  /** Whether columns stay as they stand. */
  readonly fixed?: boolean | undefined;
}

/** @throws ERR_POLICY_COLUMN when the batch lacks a column; ERR_POLICY for more than MAX_QUASI_IDENTIFIERS columns. */
export function createTuples(source: TupleSource): TupleTable {
  const { batch, quasi, hierarchies, subjects, weights, fixed } = source;
  checkQuasiCount(quasi.length);
  const columns = quasi.map((name) => {
    const column = columnOf(batch, name);
    const { values, codes } = encodeColumn(column, batch.rowCount);
    const declared = Object.hasOwn(hierarchies, name) ? hierarchies[name] : undefined;
    const dimension = createDimension({ name, type: column.type, values }, declared, fixed);
    return { codes, size: Math.max(1, values.length), dimension };
  });
  const { ids, count } = groupCodes(columns, batch.rowCount);
  const rows = new Float64Array(count);
  for (let row = 0; row < batch.rowCount; row++)
    rows[ids[row] ?? 0] = (rows[ids[row] ?? 0] ?? 0) + (weights?.[row] ?? 1);
  const codes = columns.map(({ codes: ofRow }) => {
    const ofTuple = new Uint32Array(count);
    for (let row = 0; row < batch.rowCount; row++) ofTuple[ids[row] ?? 0] = ofRow[row] ?? 0;
    return ofTuple;
  });
  const nothing = { codes: new Uint32Array(batch.rowCount), size: 1 };
  return {
    count,
    dimensions: columns.map(({ dimension }) => dimension),
    codes,
    rows,
    rowCount: rows.reduce((sum, n) => sum + n, 0),
    persons: countIncidence({ codes: ids, size: Math.max(1, count) }, nothing, subjects, weights),
    tupleOf: ids,
  };
}

/** @throws ERR_POLICY for more than MAX_QUASI_IDENTIFIERS. */
export function checkQuasiCount(count: number): void {
  if (count <= MAX_QUASI_IDENTIFIERS) return;
  const reason = `expected at most ${MAX_QUASI_IDENTIFIERS} quasi-identifiers`;
  throw new SluiceError("ERR_POLICY", { pointer: "/columns", reason });
}

/** The column `name`. @throws ERR_POLICY_COLUMN */
export function columnOf(batch: ColumnBatch, name: string): Column {
  const column = Object.hasOwn(batch.columns, name) ? batch.columns[name] : undefined;
  if (column === undefined) throw new SluiceError("ERR_POLICY_COLUMN", { column: name });
  return column;
}

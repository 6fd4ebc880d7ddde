/** Equivalence classes of a batch: rows that are equal in some columns; and which of them the rows of another batch are in.
 *  @module */
import { isValid, SluiceError } from "@sluice/protocol";
import type { Column, ColumnBatch } from "@sluice/protocol";

/** Classes, numbered from 0 in the order of their first row. */
export interface Classes {
  /** Class of each row. */
  readonly ofRow: Int32Array;
  readonly count: number;
  /** Class of each row of a batch with the same columns; -1 where no row of the first is equal to it. */
  find(other: ColumnBatch): Int32Array;
}

/** One step of the folding: numbers of a column's values, and of pairs of a value and the class so far. */
interface Step {
  readonly name: string;
  readonly values: ReadonlyMap<number | string, number>;
  readonly pairs: ReadonlyMap<number, number>;
  /** Classes before it. */
  readonly count: number;
}

/** Rows that agree in `columns`. A null is a value of its own. Without columns all rows are one class.
 *  @throws ERR_POLICY_COLUMN for a column that is not there */
export function classesOf(batch: ColumnBatch, columns: readonly string[]): Classes {
  let ofRow = new Int32Array(batch.rowCount);
  let count = Math.min(1, batch.rowCount);
  const steps: Step[] = [];
  for (const name of columns) {
    const values = new Map<number | string, number>();
    const numbers = valueNumbers(columnOf(batch, name), batch.rowCount, values);
    const next = refined(ofRow, count, numbers);
    steps.push({ name, values, pairs: next.pairs, count });
    ({ ofRow, count } = next);
  }
  return { ofRow, count, find: (other) => findRows(steps, count, other) };
}

/** Persons of each class. `subjects` tell which rows are of one person; without them each row is of another. */
export function personsOf({ ofRow, count }: Classes, subjects: ArrayLike<number> | undefined): Int32Array {
  const persons = new Int32Array(count);
  const seen = new Set<number>();
  for (let row = 0; row < ofRow.length; row++) {
    const number = ofRow[row] ?? 0;
    if (subjects !== undefined) {
      const pair = (subjects[row] ?? 0) * count + number;
      if (seen.has(pair)) continue;
      seen.add(pair);
    }
    persons[number] = (persons[number] ?? 0) + 1;
  }
  return persons;
}

/** Classes that also tell rows apart by `values`. Both factors are at most the number of rows, so that keys stay below 2^53. */
export function refined(
  ofRow: Int32Array,
  count: number,
  values: Int32Array,
): { ofRow: Int32Array<ArrayBuffer>; count: number; pairs: Map<number, number> } {
  const pairs = new Map<number, number>();
  const next = new Int32Array(ofRow.length);
  for (let row = 0; row < ofRow.length; row++) {
    next[row] = numberOf(pairs, (values[row] ?? 0) * count + (ofRow[row] ?? 0));
  }
  return { ofRow: next, count: pairs.size, pairs };
}

/** Dense numbers of a column's values: 0 is null, equal values have equal numbers, which `values` collects. */
export function valueNumbers(
  column: Column,
  rowCount: number,
  values = new Map<number | string, number>(),
): Int32Array<ArrayBuffer> {
  // A Map takes NaN as equal to itself and -0 as 0. A dictionary may hold one string twice.
  const codes = column.type === "dict" ? column.dictionary.map((text) => numberOf(values, text)) : undefined;
  return Int32Array.from({ length: rowCount }, (_, row) => {
    if (!isValid(column, row)) return 0;
    const stored = column.values[row] ?? 0;
    return 1 + (codes === undefined ? numberOf(values, stored) : (codes[stored] ?? 0));
  });
}

/** The column `name` of `batch`. @throws ERR_POLICY_COLUMN */
export function columnOf(batch: ColumnBatch, name: string): Column {
  const column = Object.hasOwn(batch.columns, name) ? batch.columns[name] : undefined;
  if (column === undefined) throw new SluiceError("ERR_POLICY_COLUMN", { column: name });
  return column;
}

function findRows(steps: readonly Step[], count: number, other: ColumnBatch): Int32Array {
  const found = new Int32Array(other.rowCount).fill(count === 0 ? -1 : 0);
  for (const { name, values, pairs, count: before } of steps) {
    const column = columnOf(other, name);
    const codes = column.type === "dict" ? column.dictionary.map((text) => values.get(text)) : undefined;
    for (let row = 0; row < other.rowCount; row++) {
      if (found[row] === -1) continue;
      const stored = column.values[row] ?? 0;
      const known = codes === undefined ? values.get(stored) : codes[stored];
      const value = !isValid(column, row) ? 0 : known === undefined ? undefined : known + 1;
      found[row] = value === undefined ? -1 : (pairs.get(value * before + (found[row] ?? 0)) ?? -1);
    }
  }
  return found;
}

function numberOf<K>(numbers: Map<K, number>, key: K): number {
  const known = numbers.get(key);
  if (known !== undefined) return known;
  numbers.set(key, numbers.size);
  return numbers.size - 1;
}

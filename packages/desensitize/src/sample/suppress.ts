/** k-anonymity by suppression: rows whose combination of quasi-identifiers is too rare leave the sample whole. Persons are
 *  counted, not rows: ten visits of one person hide nobody.
 *  @module */
import { isValid, SluiceError } from "@sluice/protocol";
import type { Column, ColumnBatch } from "@sluice/protocol";

/** A batch in which every equivalence class has at least `k` persons. */
export interface SuppressedBatch {
  readonly batch: ColumnBatch;
  readonly suppressedRows: number;
  /** Persons of the smallest class that is left. */
  readonly k: number;
  /** The person of each row that is left; present when it was given. */
  readonly subjects?: Int32Array;
}

/** `batch` without the rows whose values of the columns `quasi`, taken together, fewer than `k` persons have.
 *  `subjects` are the numbers of the persons, one for each row; without them each row is another person.
 *  A null is a value of its own, not a wildcard. Dictionaries are cut to the values that are left, in the order
 *  of their first row. Without quasi-identifiers all rows are one class.
 *  @throws ERR_SAMPLE_K when more than `suppressionLimit` of the rows would go, or nothing would be left;
 *  ERR_POLICY_COLUMN when the batch lacks a column of `quasi`. */
export function suppressToK(
  batch: ColumnBatch,
  quasi: readonly string[],
  k: number,
  suppressionLimit = 1,
  subjects?: Int32Array,
): SuppressedBatch {
  const { classes, sizes } = equivalenceClasses(batch, quasi, subjects);
  const kept: number[] = [];
  for (let row = 0; row < batch.rowCount; row++) {
    if ((sizes[classes[row] ?? 0] ?? 0) >= k) kept.push(row);
  }
  const suppressedRows = batch.rowCount - kept.length;
  if (kept.length === 0 || suppressedRows > suppressionLimit * batch.rowCount) {
    throw new SluiceError("ERR_SAMPLE_K", { k, limit: suppressionLimit });
  }
  return {
    batch: takeRows(batch, kept),
    suppressedRows,
    k: sizes.reduce((least, n) => (n >= k && n < least ? n : least), batch.rowCount),
    ...(subjects === undefined ? {} : { subjects: Int32Array.from(kept, (row) => subjects[row] ?? 0) }),
  };
}

/** Persons of the smallest class of `batch`; 0 when it has no rows. @throws ERR_POLICY_COLUMN */
export function smallestClass(batch: ColumnBatch, quasi: readonly string[], subjects?: Int32Array): number {
  const { sizes } = equivalenceClasses(batch, quasi, subjects);
  return batch.rowCount === 0 ? 0 : sizes.reduce((least, n) => Math.min(least, n), batch.rowCount);
}

/** Class number of each row, and persons of each class. Columns are folded in one by one, so that keys stay small integers. */
function equivalenceClasses(
  batch: ColumnBatch,
  quasi: readonly string[],
  subjects: Int32Array | undefined,
): { classes: Uint32Array; sizes: number[] } {
  let classes = new Uint32Array(batch.rowCount);
  let count = 1;
  for (const name of quasi) {
    const column = Object.hasOwn(batch.columns, name) ? batch.columns[name] : undefined;
    if (column === undefined) throw new SluiceError("ERR_POLICY_COLUMN", { column: name });
    const values = valueNumbers(column, batch.rowCount);
    const pairs = new Map<number, number>();
    const next = new Uint32Array(batch.rowCount);
    for (let row = 0; row < batch.rowCount; row++) {
      // Both factors count rows at most, so that the product stays below 2^53.
      next[row] = numberOf(pairs, (values[row] ?? 0) * count + (classes[row] ?? 0));
    }
    classes = next;
    count = Math.max(1, pairs.size);
  }
  const sizes = Array.from({ length: count }, () => 0);
  const counted = new Set<number>();
  for (const [row, number] of classes.entries()) {
    if (subjects !== undefined) {
      const person = (subjects[row] ?? 0) * count + number;
      if (counted.has(person)) continue;
      counted.add(person);
    }
    sizes[number] = (sizes[number] ?? 0) + 1;
  }
  return { classes, sizes };
}

/** Dense numbers of the values of one column: equal values get equal numbers, null is 0. */
function valueNumbers(column: Column, rowCount: number): Uint32Array {
  const numbers = new Uint32Array(rowCount);
  // A Map takes NaN as equal to itself and -0 as 0. A dictionary may hold one string twice.
  const seen = new Map<number | string, number>();
  const codes = column.type === "dict" ? column.dictionary.map((text) => numberOf(seen, text)) : undefined;
  for (let row = 0; row < rowCount; row++) {
    if (!isValid(column, row)) continue;
    const value = column.values[row] ?? 0;
    numbers[row] = 1 + (codes === undefined ? numberOf(seen, value) : (codes[value] ?? 0));
  }
  return numbers;
}

function numberOf<K>(numbers: Map<K, number>, key: K): number {
  const known = numbers.get(key);
  if (known !== undefined) return known;
  numbers.set(key, numbers.size);
  return numbers.size - 1;
}

/** The chosen rows, in this order; nothing of a row that is left out stays behind. */
export function takeRows(batch: ColumnBatch, rows: readonly number[]): ColumnBatch {
  const columns = Object.entries(batch.columns).map(([name, column]) => [name, takeColumn(column, rows)]);
  return { rowCount: rows.length, columns: Object.fromEntries(columns) as Record<string, Column> };
}

/** The chosen rows of a column, compacted: nothing of a row that left stays behind, in a dictionary or under a null. */
function takeColumn(column: Column, rows: readonly number[]): Column {
  const validity = column.validity === undefined ? {} : { validity: takeValidity(column, rows) };
  const valueAt = (i: number): number => {
    const row = rows[i] ?? 0;
    return isValid(column, row) ? (column.values[row] ?? 0) : 0;
  };
  const length = rows.length;
  switch (column.type) {
    case "f64":
      return { type: "f64", values: Float64Array.from({ length }, (_, i) => valueAt(i)), ...validity };
    case "i32":
      return { type: "i32", values: Int32Array.from({ length }, (_, i) => valueAt(i)), ...validity };
    case "bool":
      return { type: "bool", values: Uint8Array.from({ length }, (_, i) => valueAt(i)), ...validity };
    case "dict": {
      const used = new Map<string, number>();
      const values = Uint32Array.from({ length }, (_, i) =>
        isValid(column, rows[i] ?? 0) ? numberOf(used, column.dictionary[valueAt(i)] ?? "") : 0,
      );
      return { type: "dict", values, dictionary: [...used.keys()], ...validity };
    }
  }
}

function takeValidity(column: Column, rows: readonly number[]): Uint8Array {
  const validity = new Uint8Array(Math.ceil(rows.length / 8));
  for (const [i, row] of rows.entries()) {
    if (isValid(column, row)) validity[i >> 3] = (validity[i >> 3] ?? 0) | (1 << (i & 7));
  }
  return validity;
}

/** What an anonymised sample shows instead of its quasi-identifiers, and which class of it any other row would fall into.
 *  @module */
import type { Column, ColumnBatch } from "@sluice/protocol";
import { positionOf, type Axis } from "./axis.ts";
import { encodeColumn, raiseValue, type CodedValue, type ColumnHierarchy } from "./dimension.ts";
import { groupCodes } from "./group.ts";
import type { CutNode } from "./mondrian.ts";
import { columnOf } from "./tuples.ts";

/** A column at one level of its hierarchy. */
export interface LeveledColumn {
  readonly name: string;
  readonly type: Column["type"];
  readonly declared: ColumnHierarchy | undefined;
  /** Level of the hierarchy; for a column without one, 0 as it stands and 1 for `*`. */
  readonly level: number;
}

/** How a sample was recoded. `shown[d][c]` is what column d shows in class c. */
export type Recoding = {
  /** What each column shows in each class that is left. */
  readonly shown: readonly (readonly CodedValue[])[];
  readonly classCount: number;
} & (
  | { readonly kind: "levels"; readonly columns: readonly LeveledColumn[] }
  | {
      readonly kind: "boxes";
      readonly columns: readonly Axis[];
      readonly cuts: readonly CutNode[];
      /** By column, lowest and highest rank of each box. */
      readonly low: readonly Uint32Array[];
      readonly high: readonly Uint32Array[];
      /** The class of each box: boxes that show the same are one class. */
      readonly classOfBox: Int32Array;
    }
);

/** The class of each row of `tuples`, which hold the quasi-identifiers as they were before: -1 for a row that no class of the
 *  sample looks like. @throws ERR_POLICY_COLUMN when a column is missing. */
export function recodeTuples(recoding: Recoding, tuples: ColumnBatch): Int32Array {
  return recoding.kind === "levels" ? recodeLevels(recoding, tuples) : recodeBoxes(recoding, tuples);
}

function recodeLevels(recoding: Extract<Recoding, { kind: "levels" }>, tuples: ColumnBatch): Int32Array {
  const { columns, shown, classCount } = recoding;
  const length = classCount + tuples.rowCount;
  const coded = columns.map((column, d) => {
    const codes = new Map<CodedValue, number>();
    const all = new Uint32Array(length);
    for (const [number, value] of (shown[d] ?? []).entries()) all[number] = codeOf(codes, value);
    const { values, codes: own } = encodeColumn(columnOf(tuples, column.name), tuples.rowCount);
    const raised = values.map((value) => codeOf(codes, raiseValue(column.declared, column.level, value, column.type)));
    for (const [row, code] of own.entries()) all[classCount + row] = raised[code] ?? 0;
    return { codes: all, size: Math.max(1, codes.size) };
  });
  const { ids, count } = groupCodes(coded, length);
  const classOf = new Int32Array(count).fill(-1);
  for (let number = 0; number < classCount; number++) classOf[ids[number] ?? 0] = number;
  return Int32Array.from({ length: tuples.rowCount }, (_, row) => classOf[ids[classCount + row] ?? 0] ?? -1);
}

function recodeBoxes(recoding: Extract<Recoding, { kind: "boxes" }>, tuples: ColumnBatch): Int32Array {
  const { columns, cuts, low, high, classOfBox } = recoding;
  const places = columns.map((axis) => {
    const { values, codes } = encodeColumn(columnOf(tuples, axis.name), tuples.rowCount);
    return { codes, positions: Float64Array.from(values, (value) => positionOf(axis, value)) };
  });
  const at = (column: number, row: number): number => {
    const place = places[column];
    return place?.positions[place.codes[row] ?? 0] ?? -1;
  };
  return Int32Array.from({ length: tuples.rowCount }, (_, row) => {
    let node = cuts[0];
    while (node !== undefined && "column" in node)
      node = cuts[at(node.column, row) <= node.rank ? node.left : node.right];
    const box = node?.box ?? 0;
    const inside = places.every((__, d) => at(d, row) >= (low[d]?.[box] ?? 0) && at(d, row) <= (high[d]?.[box] ?? 0));
    return inside ? (classOfBox[box] ?? -1) : -1;
  });
}

/** The column that shows `shown[classes[i]]` in row i. A dictionary holds what rows show, in order. */
export function shownColumn(type: Column["type"], shown: readonly CodedValue[], classes: Int32Array): Column {
  const { length } = classes;
  const validity = validityOf(shown, classes);
  if (type === "dict") {
    const used = new Set<number>(classes);
    const dictionary = [...new Set([...used].map((number) => shown[number] ?? null))]
      .filter((value) => value !== null)
      .map(String)
      .toSorted();
    const codes = new Map(dictionary.map((text, code) => [text, code]));
    const ofClass = Uint32Array.from(shown, (value) => (value === null ? 0 : (codes.get(String(value)) ?? 0)));
    return { type, dictionary, values: Uint32Array.from(classes, (number) => ofClass[number] ?? 0), ...validity };
  }
  const ofClass = Float64Array.from(shown, (value) => Number(value ?? 0));
  const numbers = new Float64Array(length);
  for (let row = 0; row < length; row++) numbers[row] = ofClass[classes[row] ?? 0] ?? 0;
  switch (type) {
    case "f64":
      return { type, values: numbers, ...validity };
    case "i32":
      return { type, values: Int32Array.from(numbers), ...validity };
    case "bool":
      return { type, values: Uint8Array.from(numbers), ...validity };
  }
}

function validityOf(shown: readonly CodedValue[], classes: Int32Array): { validity?: Uint8Array } {
  if (!shown.includes(null)) return {};
  const validity = new Uint8Array(Math.ceil(classes.length / 8));
  let nulls = 0;
  for (const [row, number] of classes.entries()) {
    if ((shown[number] ?? null) === null) nulls++;
    else validity[row >> 3] = (validity[row >> 3] ?? 0) | (1 << (row & 7));
  }
  return nulls === 0 ? {} : { validity };
}

function codeOf(codes: Map<CodedValue, number>, value: CodedValue): number {
  const known = codes.get(value);
  if (known !== undefined) return known;
  codes.set(value, codes.size);
  return codes.size - 1;
}

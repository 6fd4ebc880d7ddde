/** A column as a line on which Mondrian cuts: its values in order, how far apart they are, and what an interval of them shows.
 *  Numbers keep their order; text follows its tree, so that values of one group are neighbours, and otherwise its code units.
 *  @module */
import { ANY_VALUE, topLevel, type Column } from "@sluice/protocol";
import { generalizeValue } from "../hierarchy/generalize.ts";
import { compareValues, type CodedValue, type ColumnHierarchy } from "./dimension.ts";

/** Values of one column in order. */
export interface Axis {
  readonly name: string;
  readonly type: Column["type"];
  /** By rank; null first. */
  readonly values: readonly CodedValue[];
  readonly compare: (a: CodedValue, b: CodedValue) => number;
}

/** The axis of a column with these distinct values, and the rank of each. */
export function createAxis(
  column: { readonly name: string; readonly type: Column["type"]; readonly values: readonly CodedValue[] },
  declared: ColumnHierarchy | undefined,
): { readonly axis: Axis; readonly ranks: Uint32Array } {
  const compare = declared?.hierarchy.kind === "tree" ? treeOrder(declared) : compareValues;
  const order = [...column.values.keys()].toSorted((a, b) =>
    compare(column.values[a] ?? null, column.values[b] ?? null),
  );
  const ranks = new Uint32Array(order.length);
  for (const [rank, code] of order.entries()) ranks[code] = rank;
  const { name, type } = column;
  return { axis: { name, type, values: order.map((code) => column.values[code] ?? null), compare }, ranks };
}

/** By the highest group first, then down to the value. */
function treeOrder({ hierarchy, from }: ColumnHierarchy): (a: CodedValue, b: CodedValue) => number {
  const paths = new Map<CodedValue, CodedValue[]>();
  const pathOf = (value: CodedValue): CodedValue[] => {
    const known = paths.get(value);
    if (known !== undefined) return known;
    const path: CodedValue[] = [];
    for (let level = topLevel(hierarchy) - 1; level >= from; level--) {
      path.push(generalizeValue(hierarchy, level, value, from) as CodedValue);
    }
    paths.set(value, path);
    return path;
  };
  return (a, b) => {
    const other = pathOf(b);
    for (const [i, group] of pathOf(a).entries()) {
      const order = compareValues(group, other[i] ?? null);
      if (order !== 0) return order;
    }
    return compareValues(a, b);
  };
}

/** Share of the axis between two ranks, in [0, 1]: of the range of numbers, and of the steps between other values. An interval
 *  that holds null and a value is the whole: what it shows could be anything. */
export function widthOf({ type, values }: Axis, low: number, high: number): number {
  if (low >= high) return 0;
  if (values[low] === null) return 1;
  if (type === "dict" || type === "bool") return (high - low) / (values.length - 1);
  const [first, last] = [values[values[0] === null ? 1 : 0], values.at(-1)];
  const [from, to] = [values[low], values[high]];
  if (typeof first !== "number" || typeof last !== "number" || typeof from !== "number" || typeof to !== "number")
    return 1;
  return Number.isFinite(last - first) ? (to - from) / (last - first) : 1;
}

/** What a column shows for an interval of ranks: one value as it is, numbers by their middle, text by its ends. */
export function labelOf({ type, values }: Axis, low: number, high: number): CodedValue {
  const [from = null, to = null] = [values[low], values[high]];
  if (low === high) return from;
  if (from === null || to === null) return type === "dict" ? ANY_VALUE : null;
  if (type === "dict") return `${from}..${to}`;
  if (type === "bool" || typeof from !== "number" || typeof to !== "number") return null;
  const middle = from / 2 + to / 2;
  return type === "i32" ? Math.floor(middle) : middle;
}

/** Rank of `value`, or the half between two ranks when the axis does not have it. */
export function positionOf({ values, compare }: Axis, value: CodedValue): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(values[middle] ?? null, value) < 0) low = middle + 1;
    else high = middle;
  }
  return low < values.length && compare(values[low] ?? null, value) === 0 ? low : low - 0.5;
}

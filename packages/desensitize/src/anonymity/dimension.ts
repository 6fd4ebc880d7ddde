/** One quasi-identifier as codes: its distinct values in order, and for each level of its hierarchy which code a value
 *  becomes, what is shown for it, and how much it loses.
 *  @module */
import { ANY_VALUE, isValid, topLevel, type Column, type Hierarchy } from "@sluice/protocol";
import { generalizeValue } from "../hierarchy/generalize.ts";

/** A value as a column holds it: text, a number (booleans are 0 and 1), or null. */
export type CodedValue = string | number | null;

/** A hierarchy, and the level at which the column stands already: the policy's own transform may have raised it. */
export interface ColumnHierarchy {
  readonly hierarchy: Hierarchy;
  readonly from: number;
}

/** One level of a dimension. */
export interface DimensionLevel {
  /** Level of the hierarchy; for a column without one, 0 as it stands and 1 for `*`. */
  readonly level: number;
  /** Code at this level of each code of the lowest. */
  readonly map: Uint32Array;
  /** What each code shows: null where a number or truth value cannot say `*`. */
  readonly shown: readonly CodedValue[];
  /** Normalised loss of each code, in [0, 1], never less than at the level below. */
  readonly loss: Float64Array;
}

/** A column of a batch as codes. */
export interface Dimension {
  readonly name: string;
  readonly type: Column["type"];
  /** Distinct values, ascending, null first. */
  readonly values: readonly CodedValue[];
  /** From the lowest; the last is `*`. */
  readonly levels: readonly DimensionLevel[];
}

/** Distinct values of `column`, ascending with null first, and the code of each row. */
export function encodeColumn(
  column: Column,
  rowCount: number,
): { readonly values: CodedValue[]; readonly codes: Uint32Array } {
  const numbers = new Map<CodedValue, number>();
  const numberOf = (value: CodedValue): number => {
    const known = numbers.get(value);
    if (known !== undefined) return known;
    numbers.set(value, numbers.size);
    return numbers.size - 1;
  };
  const first = new Uint32Array(rowCount);
  const { validity } = column;
  if (column.type === "dict") {
    // Text is looked up once for each entry of the dictionary, and only when a row has it.
    const ofEntry = new Uint32Array(column.dictionary.length); // code + 1
    for (let row = 0; row < rowCount; row++) {
      const entry = column.values[row] ?? 0;
      if (validity !== undefined && !isValid(column, row)) first[row] = numberOf(null);
      else if (ofEntry[entry] !== 0) first[row] = (ofEntry[entry] ?? 1) - 1;
      else {
        const code = numberOf(column.dictionary[entry] ?? "");
        ofEntry[entry] = code + 1;
        first[row] = code;
      }
    }
  } else {
    for (let row = 0; row < rowCount; row++) {
      // Adding 0 makes -0 a 0.
      const present = validity === undefined || isValid(column, row);
      first[row] = numberOf(present ? (column.values[row] ?? 0) + 0 : null);
    }
  }
  const found = [...numbers.keys()];
  const values = found.toSorted(compareValues);
  const renamed = new Uint32Array(found.length);
  for (const [code, value] of values.entries()) renamed[numbers.get(value) ?? 0] = code;
  for (let row = 0; row < rowCount; row++) first[row] = renamed[first[row] ?? 0] ?? 0;
  return { values, codes: first };
}

/** Null, then numbers ascending, then text by its code units. NaN is the last number. */
export function compareValues(a: CodedValue, b: CodedValue): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? -1 : 1;
  if (typeof a === "number" && typeof b === "number") return Number.isNaN(a) ? 1 : Number.isNaN(b) ? -1 : a - b;
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return a < b ? -1 : 1;
}

/** The levels of a column with these distinct values. `fixed` leaves it as it stands. */
export function createDimension(
  column: { readonly name: string; readonly type: Column["type"]; readonly values: readonly CodedValue[] },
  declared: ColumnHierarchy | undefined,
  fixed = false,
): Dimension {
  const from = declared?.from ?? 0;
  const top = declared === undefined ? 1 : topLevel(declared.hierarchy);
  const levels: DimensionLevel[] = [];
  for (let level = from; level <= (fixed ? from : Math.max(top, from)); level++) {
    const shown: CodedValue[] = [];
    const codes = new Map<CodedValue, number>();
    const map = Uint32Array.from(column.values, (value) => {
      const raised = raiseValue(declared, level, value, column.type);
      const known = codes.get(raised);
      if (known !== undefined) return known;
      codes.set(raised, shown.length);
      return shown.push(raised) - 1;
    });
    levels.push({ level, map, shown, loss: losses(column, declared, level, level === top, map, shown) });
  }
  return { ...column, levels };
}

/** What a column shows at `level` for `value`, which stands at the level its hierarchy is declared from. */
export function raiseValue(
  declared: ColumnHierarchy | undefined,
  level: number,
  value: CodedValue,
  type: Column["type"],
): CodedValue {
  const raised =
    declared === undefined
      ? level === 0
        ? value
        : ANY_VALUE
      : generalizeValue(declared.hierarchy, level, value, declared.from);
  if (type === "dict") return raised === null ? null : String(raised);
  if (typeof raised !== "number") return null;
  return type === "i32" ? Math.min(Math.max(raised, -(2 ** 31)), 2 ** 31 - 1) : raised;
}

/** Share of the column that a code stands for: of a tree's values as declared, of an interval's range, and otherwise of the
 *  distinct values that are there. */
function losses(
  column: { readonly values: readonly CodedValue[] },
  declared: ColumnHierarchy | undefined,
  level: number,
  isTop: boolean,
  map: Uint32Array,
  shown: readonly CodedValue[],
): Float64Array {
  if (isTop) return new Float64Array(shown.length).fill(1);
  if (level === 0) return new Float64Array(shown.length);
  const hierarchy = declared?.hierarchy;
  if (hierarchy?.kind === "intervals") {
    const share = Math.min(1, (hierarchy.widths[level - 1] ?? 0) / (hierarchy.max - hierarchy.min));
    return Float64Array.from(shown, (value) => (value === null ? 0 : share));
  }
  const counts = new Map<CodedValue, number>();
  let total = 0;
  if (hierarchy?.kind === "tree") {
    for (const value of Object.keys(hierarchy.levels[0] ?? {})) {
      const group = generalizeValue(hierarchy, level, value) as string;
      counts.set(group, (counts.get(group) ?? 0) + 1);
      total++;
    }
    counts.set(ANY_VALUE, total);
  } else {
    for (const code of map) counts.set(shown[code] ?? null, (counts.get(shown[code] ?? null) ?? 0) + 1);
    total = column.values.length;
  }
  return Float64Array.from(shown, (value) => {
    if (value === null) return 0;
    return total < 2 ? 0 : ((counts.get(value) ?? 1) - 1) / (total - 1);
  });
}

/** The classes that an algorithm found, with what they show.
 *  @module */
import { labelOf } from "./axis.ts";
import type { CodedValue } from "./dimension.ts";
import { searchLevels } from "./full-domain.ts";
import { groupCodes } from "./group.ts";
import type { ClassJudge, TupleClasses } from "./judge.ts";
import { cutBoxes, ownHierarchy } from "./mondrian.ts";
import type { Recoding } from "./recoding.ts";
import { refuseAborted, type AnonymityRequest } from "./request.ts";
import type { TupleTable } from "./tuples.ts";

/** Numbers of the classes that are left; -1 for the others. */
export interface ClassesLeft {
  readonly numbers: Int32Array;
  readonly count: number;
}

/** Classes as they are shown, and how to describe those that are left. */
export interface FoundClasses {
  readonly classes: TupleClasses;
  /** Index of the level of each dimension, for the whole table's counts. */
  readonly levels: readonly number[] | undefined;
  readonly loss: number;
  readonly search?: { readonly nodes: number; readonly checks: number };
  readonly recode: (left: ClassesLeft) => Recoding;
}

/** Classes at the best levels; `null` when none keep the model. */
export async function byLevels(
  table: TupleTable,
  judge: ClassJudge,
  request: AnonymityRequest,
): Promise<FoundClasses | null> {
  const { hierarchies, suppressionLimit, onStep } = request;
  const best = await searchLevels(table, judge, {
    maxSuppressedRows: Math.floor(suppressionLimit * table.rowCount),
    onCheck: async (progress) => {
      refuseAborted(request.signal);
      await onStep?.(progress);
    },
  });
  if (best === null) return null;
  const { levels, loss, nodes, checks } = best;
  const at = table.dimensions.map((dimension, d) => dimension.levels[levels[d] ?? 0]);
  const codes = at.map((level, d) => ({
    codes: table.codes[d] ?? new Uint32Array(0),
    size: Math.max(1, level?.shown.length ?? 1),
    map: level?.map,
  }));
  const { ids, count } = groupCodes(codes, table.count);
  const tuples = firstOf(ids, count);
  const columns = table.dimensions.map(({ name, type }, d) => ({
    name,
    type,
    declared: ownHierarchy(hierarchies, name),
    level: at[d]?.level ?? 0,
  }));
  const shownAt = (d: number, tuple: number): CodedValue =>
    at[d]?.shown[at[d]?.map[table.codes[d]?.[tuple] ?? 0] ?? 0] ?? null;
  return {
    classes: { classOf: ids, count },
    levels,
    loss,
    ...(request.model.algorithm === "full-domain" ? { search: { nodes, checks } } : {}),
    recode: (left) => ({
      kind: "levels",
      columns,
      classCount: left.count,
      shown: shownOf(table, tuples, left, shownAt),
    }),
  };
}

/** Classes of boxes; `null` when not even the whole table keeps the model. */
export async function byBoxes(
  table: TupleTable,
  judge: ClassJudge,
  request: AnonymityRequest,
): Promise<FoundClasses | null> {
  let parts = 0;
  const boxes = await cutBoxes(table, request.hierarchies, judge, async () => {
    refuseAborted(request.signal);
    await request.onStep?.({ checks: ++parts, nodes: 0 });
  });
  if (boxes === null) return null;
  const { axes, cuts, low, high, boxOf, loss } = boxes;
  const labels = axes.map((axis, d) =>
    Array.from({ length: boxes.count }, (_, box) => labelOf(axis, low[d]?.[box] ?? 0, high[d]?.[box] ?? 0)),
  );
  // Boxes that show the same cannot be told apart: they are one class.
  const coded = labels.map((shown) => encodeValues(shown));
  const alike = groupCodes(coded, boxes.count);
  // Numbered by their first rows, as all classes are.
  const raw = boxOf.map((box) => alike.ids[box] ?? 0);
  const { ids: classOf, count } = groupCodes([{ codes: raw, size: Math.max(1, alike.count) }], table.count);
  const tuples = firstOf(classOf, count);
  const tupleOfBox = firstOf(boxOf, boxes.count);
  return {
    classes: { classOf, count },
    levels: undefined,
    loss,
    recode: (left) => ({
      kind: "boxes",
      columns: axes,
      cuts,
      low,
      high,
      classOfBox: Int32Array.from(tupleOfBox, (tuple) => left.numbers[classOf[tuple] ?? 0] ?? -1),
      classCount: left.count,
      shown: shownOf(table, tuples, left, (d, tuple) => labels[d]?.[boxOf[tuple] ?? 0] ?? null),
    }),
  };
}

/** What each class that is left shows, by dimension; `tuples` has a tuple of each class. */
function shownOf(
  { dimensions }: TupleTable,
  tuples: Uint32Array,
  left: ClassesLeft,
  shownAt: (d: number, tuple: number) => CodedValue,
): CodedValue[][] {
  const kept = [...tuples].filter((_, number) => (left.numbers[number] ?? -1) >= 0);
  return dimensions.map((_, d) => kept.map((tuple) => shownAt(d, tuple)));
}

/** A row of each class: the first. */
function firstOf(ids: Uint32Array, count: number): Uint32Array {
  const first = new Uint32Array(count);
  for (let i = ids.length - 1; i >= 0; i--) first[ids[i] ?? 0] = i;
  return first;
}

function encodeValues(values: readonly CodedValue[]): { codes: Uint32Array; size: number } {
  const codes = new Map<CodedValue, number>();
  for (const value of values) if (!codes.has(value)) codes.set(value, codes.size);
  return { codes: Uint32Array.from(values, (value) => codes.get(value) ?? 0), size: Math.max(1, codes.size) };
}

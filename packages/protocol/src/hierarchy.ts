/** Generalisation hierarchies (泛化层次): how the values of a column become coarser, step by step. Declared once for a source
 *  table, as metadata, so that two samples of it are cut along the same lines.
 *
 *  Level 0 is the stored value and the highest level is `*`, one value for all. Each level between is a function of
 *  the level below it, so that rows which are alike at one level stay alike above it.
 *  @module */
import { z } from "zod";
import type { FieldType } from "./columns.ts";

/** What stands for every value: at the highest level, and below it for a value that a tree does not know. */
export const ANY_VALUE = "*";
/** Levels between the stored value and `*`. */
export const MAX_HIERARCHY_STEPS = 10;
/** Values of a tree, and intervals of the finest width. */
export const MAX_HIERARCHY_VALUES = 10_000;
/** Characters of a tree, its values and groups together: a catalogue carries it whole. */
export const MAX_HIERARCHY_CHARACTERS = 200_000;

/** Text that can stand in a statement and in JSON. */
const TreeText = z
  .string()
  .max(200)
  .refine((text) => text.isWellFormed() && !text.includes("\0"), "expected Unicode text");

/** One step of a tree: the group of each value of the level below. */
const TreeLevel = z.record(TreeText, TreeText.min(1));

/** Numbers by their interval, told by its lower bound. What lies outside [min, max] counts as the nearer end. */
const IntervalHierarchy = z
  .strictObject({
    kind: z.literal("intervals"),
    min: z.number(),
    max: z.number(),
    /** Widths from the finest to the coarsest, each a whole multiple of the one before. */
    widths: z.array(z.number().positive()).min(1).max(MAX_HIERARCHY_STEPS),
  })
  .refine(({ min, max }) => min < max, "expected min below max")
  .refine(({ widths }) => widths.every((width, i) => i === 0 || widens(widths[i - 1] ?? width, width)), {
    message: "expected each width to be a multiple of the one before",
    path: ["widths"],
  })
  .refine(({ min, max, widths: [finest = 1] }) => (max - min) / finest <= MAX_HIERARCHY_VALUES, {
    message: `expected at most ${MAX_HIERARCHY_VALUES} intervals`,
    path: ["widths"],
  });

/** Text by its first characters: a division code, an industry code. */
const PrefixHierarchy = z.strictObject({
  kind: z.literal("prefix"),
  /** Characters that are left, fewer at each level. */
  lengths: z
    .array(z.int().min(1).max(64))
    .min(1)
    .max(MAX_HIERARCHY_STEPS)
    .refine(
      (lengths) => lengths.every((length, i) => i === 0 || length < (lengths[i - 1] ?? 0)),
      "expected descending",
    ),
});

/** Units of a calendar, the finest first. */
const DATE_UNITS = ["month", "quarter", "year", "decade"] as const;

/** Dates by the calendar: `2024-05`, `2024-Q2`, `2024`, `2020s`. */
const DateHierarchy = z.strictObject({
  kind: z.literal("date"),
  units: z
    .array(z.enum(DATE_UNITS))
    .min(1)
    .max(DATE_UNITS.length)
    .refine(
      (units) =>
        units.every((unit, i) => i === 0 || DATE_UNITS.indexOf(unit) > DATE_UNITS.indexOf(units[i - 1] ?? unit)),
      "expected ascending units",
    ),
});

/** Text by a table of groups. A value that the tree does not know becomes `*`, as does whatever a level calls `*`. */
const TreeHierarchy = z
  .strictObject({ kind: z.literal("tree"), levels: z.array(TreeLevel).min(1).max(MAX_HIERARCHY_STEPS) })
  .refine(({ levels }) => levels.every((level) => Object.keys(level).length <= MAX_HIERARCHY_VALUES), {
    message: `expected at most ${MAX_HIERARCHY_VALUES} values`,
    path: ["levels"],
  })
  .refine(({ levels }) => levels.every((level) => !Object.hasOwn(level, ANY_VALUE)), {
    message: `expected no value ${ANY_VALUE}: it stays itself`,
    path: ["levels"],
  })
  .refine(({ levels }) => levels.every((level, i) => continues(level, levels[i + 1])), {
    message: "expected each level to name every group of the level below",
    path: ["levels"],
  })
  .refine(({ levels }) => characters(levels) <= MAX_HIERARCHY_CHARACTERS, {
    message: `expected at most ${MAX_HIERARCHY_CHARACTERS} characters`,
    path: ["levels"],
  });

/** How the values of one column become coarser. */
export const Hierarchy = z.discriminatedUnion("kind", [
  IntervalHierarchy,
  PrefixHierarchy,
  DateHierarchy,
  TreeHierarchy,
]);
export type Hierarchy = z.infer<typeof Hierarchy>;

/** Number of the highest level, `*`; the stored value is level 0. */
export function topLevel(hierarchy: Hierarchy): number {
  switch (hierarchy.kind) {
    case "intervals":
      return hierarchy.widths.length + 1;
    case "prefix":
      return hierarchy.lengths.length + 1;
    case "date":
      return hierarchy.units.length + 1;
    case "tree":
      return hierarchy.levels.length + 1;
  }
}

/** Whether `hierarchy` fits a stored column of `type`. Whole numbers have whole intervals, so that they stay whole. */
export function hierarchyFits(hierarchy: Hierarchy, type: FieldType): boolean {
  switch (hierarchy.kind) {
    case "intervals":
      return (
        type === "decimal" || (type === "integer" && [hierarchy.min, ...hierarchy.widths].every(Number.isSafeInteger))
      );
    case "date":
      return type === "date";
    case "prefix":
    case "tree":
      return type === "text";
  }
}

function widens(narrow: number, wide: number): boolean {
  const times = Math.round(wide / narrow);
  return times >= 2 && Math.abs(wide - times * narrow) <= 1e-9 * wide;
}

function continues(level: Record<string, string>, above: Record<string, string> | undefined): boolean {
  if (above === undefined) return true;
  return Object.values(level).every((group) => group === ANY_VALUE || Object.hasOwn(above, group));
}

/** Characters of the tree of `hierarchy`; 0 when it has none. */
export function treeCharacters(hierarchy: Hierarchy | undefined): number {
  return hierarchy?.kind === "tree" ? characters(hierarchy.levels) : 0;
}

function characters(levels: readonly Record<string, string>[]): number {
  return levels
    .flatMap((level) => Object.entries(level))
    .reduce((sum, [value, group]) => sum + value.length + group.length, 0);
}

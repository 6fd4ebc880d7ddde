/** The safe profile of a resource (资源探查): what a developer may see of a table before anybody has granted anything. Every
 *  figure counts persons, never rows; what fewer than `minimum` persons have is not in it, and counts are rounded.
 *  @module */
import { z } from "zod";
import { FieldName, Name, Sha256Hex } from "./identifiers.ts";
import { MAX_RESOURCE_COLUMNS } from "./limits.ts";

/** Fewest persons that a figure of a profile may stand for. */
export const MIN_PROFILE_PERSONS = 20;
/** Values listed of one column. */
export const MAX_PROFILE_VALUES = 256;
/** Characters of a value that may be listed. */
export const MAX_PROFILE_VALUE_CHARS = 64;
/** Bands of one column. */
export const MAX_PROFILE_BANDS = 20;
/** Single numbers that are listed beside the bands. */
export const MAX_PROFILE_COMMON = 8;
/** Pairs of columns. */
export const MAX_PROFILE_PAIRS = 15;
/** Bins of one column in a pair: its first values, or its bands and then its common numbers. */
export const MAX_PAIR_BINS = 32;
/** Bin of everything that has no bin of its own: other values, and no value. */
export const REST_BIN = -1;

/** Persons, rounded. */
const Persons = z.int().positive();
/** Persons without a value; absent when they are fewer than the minimum. */
const Missing = Persons.optional();
/** How many different values there are at most: 1, 2 or 5 times a power of ten, from 10 on. */
const Distinct = z.int().min(10);

/** A text as it is stored, without characters that a screen does not show. */
export const ProfileValue = z
  .string()
  .max(2 * MAX_PROFILE_VALUE_CHARS)
  .refine((text) => isListable(text), "a short text that can be seen");

/** A day, `YYYY-MM-DD`. */
const Day = z.iso.date();

/** What is shown of one column. */
export const ColumnProfile = z.discriminatedUnion("kind", [
  /** Identifiers, keys, graded data and free text: nothing but how long texts are, from and to. */
  z.strictObject({
    kind: z.literal("shape"),
    field: FieldName,
    length: z.strictObject({ from: z.int().nonnegative(), to: z.int().nonnegative() }).optional(),
  }),
  /** Texts and booleans: the values that enough persons have, the most frequent first; `other` are persons with others. */
  z.strictObject({
    kind: z.literal("values"),
    field: FieldName,
    values: z
      .array(z.strictObject({ value: ProfileValue, persons: Persons }))
      .min(1)
      .max(MAX_PROFILE_VALUES),
    other: Persons.optional(),
    missing: Missing,
    distinct: Distinct,
  }),
  /** Numbers: `persons[i]` have one from `edges[i]` to below `edges[i + 1]`, the first also lower and the last also higher
   *  ones; without those who have a common one. Edges are multiples of `step`. */
  z
    .strictObject({
      kind: z.literal("numbers"),
      field: FieldName,
      step: z.number().positive(),
      edges: z.array(z.number()).max(MAX_PROFILE_BANDS + 1),
      persons: z.array(Persons).max(MAX_PROFILE_BANDS),
      common: z.array(z.strictObject({ value: z.number(), persons: Persons })).max(MAX_PROFILE_COMMON),
      missing: Missing,
      distinct: Distinct,
    })
    .refine(({ edges, persons, common }) => edgesFit(edges, persons, common.length), "edges that ascend"),
  /** Dates: as numbers, with edges that are first days of months. */
  z
    .strictObject({
      kind: z.literal("dates"),
      field: FieldName,
      edges: z.array(Day).max(MAX_PROFILE_BANDS + 1),
      persons: z.array(Persons).max(MAX_PROFILE_BANDS),
      missing: Missing,
      distinct: Distinct,
    })
    .refine(({ edges, persons }) => edgesFit(edges, persons, 0), "edges that ascend"),
]);
export type ColumnProfile = z.infer<typeof ColumnProfile>;

const Bin = z
  .int()
  .min(REST_BIN)
  .max(MAX_PAIR_BINS - 1);

/** How two columns hang together: `[bin of x, bin of y, persons]`. Cells that are not listed are empty or hidden. */
export const PairProfile = z.strictObject({
  x: FieldName,
  y: FieldName,
  cells: z
    .array(z.tuple([Bin, Bin, Persons]))
    .min(1)
    .max((MAX_PAIR_BINS + 1) ** 2),
});
export type PairProfile = z.infer<typeof PairProfile>;

/** A profile as a department publishes it. Equal snapshots give equal profiles. */
export const ResourceProfile = z.strictObject({
  version: z.literal(1),
  /** How figures are protected: a threshold and rounding. It is no differential privacy. */
  kind: z.literal("threshold"),
  domain: Name,
  resource: Name,
  /** Snapshot that was counted. */
  snapshot: Sha256Hex,
  /** Column that says whom a row is about; absent when each row is about another person. */
  subject: FieldName.optional(),
  /** Persons that each figure stands for at least. */
  minimum: z.int().min(MIN_PROFILE_PERSONS),
  /** Figures are multiples of it. */
  base: z.int().min(2),
  /** Persons in the table, one row of each was counted. */
  persons: Persons,
  columns: z.array(ColumnProfile).min(1).max(MAX_RESOURCE_COLUMNS),
  /** Absent when none were asked for. */
  pairs: z.array(PairProfile).max(MAX_PROFILE_PAIRS).optional(),
});
export type ResourceProfile = z.infer<typeof ResourceProfile>;

/** Whether a value may be listed: not empty, short, and without controls, marks of direction or lone surrogates. */
export function isListable(text: string): boolean {
  return (
    text !== "" &&
    text.length <= 2 * MAX_PROFILE_VALUE_CHARS &&
    Array.from(text).length <= MAX_PROFILE_VALUE_CHARS &&
    !/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u.test(text)
  );
}

function edgesFit(edges: readonly (number | string)[], persons: readonly number[], others: number): boolean {
  if (persons.length === 0) return edges.length === 0 && others > 0;
  return edges.length === persons.length + 1 && edges.every((edge, i) => i === 0 || (edges[i - 1] ?? edge) < edge);
}

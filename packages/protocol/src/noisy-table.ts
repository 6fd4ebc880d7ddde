/** Noisy tables (差分隐私统计表): grouped counts and sums under differential privacy. No user code touches a row: the
 *  domain itself groups by declared columns and public groups, bounds what one person contributes, adds exact noise, and
 *  shows every declared cell, empty ones too. Whoever reads one learns nothing of a single person but what its price says.
 *  @module */
import { z } from "zod";
import { Amount, FieldName, MemberName } from "./identifiers.ts";
import { MAX_TABLE_CELLS, MAX_TABLE_DIMENSIONS, tableCells, TableDimension } from "./table.ts";

/** Most rows in a group, and most groups, of one person. */
export const MAX_CONTRIBUTION = 4_096;
/** Texts of one dimension. */
const MAX_TEXTS = 4_096;
/** Largest magnitude of a measure's bounds. */
const MAX_MEASURE = 1e9;

/** A privacy parameter: digits, and up to six decimals. */
const Decimal = z.string().regex(/^(0|[1-9][0-9]{0,2})(\.[0-9]{1,6})?$/);

/** How much noise: its distribution and the parameter of the whole table, which its counts and sums share equally. */
export const PrivacyLoss = z.discriminatedUnion("mechanism", [
  /** Discrete Laplace noise: the table is ε-differentially private. */
  z.strictObject({ mechanism: z.literal("laplace"), epsilon: Decimal }),
  /** Discrete Gaussian noise: ρ of zero-concentrated differential privacy. */
  z.strictObject({ mechanism: z.literal("gaussian"), rho: Decimal }),
]);
export type PrivacyLoss = z.infer<typeof PrivacyLoss>;

/** What of one person counts: rows in at most `groups` cells, in each at most `rows` of them, chosen at random. */
export const ContributionBound = z.strictObject({
  rows: z.int().min(1).max(MAX_CONTRIBUTION),
  groups: z.int().min(1).max(MAX_CONTRIBUTION),
});
export type ContributionBound = z.infer<typeof ContributionBound>;

/** Texts of one dimension, by the index of the level that each is in; `true` and `false` of a boolean column. */
const LevelByText = z
  .record(z.string().max(120), z.int().min(0).max(63))
  .refine((levels) => Object.keys(levels).length <= MAX_TEXTS, `at most ${MAX_TEXTS} texts`);

const GroupedTexts = z.strictObject({ ...TableDimension.shape, field: FieldName, values: LevelByText });
const GroupedNumbers = z.strictObject({ ...TableDimension.shape, field: FieldName, breaks: z.array(z.number()) });

/** One way in which rows are grouped, without looking at any of them: by texts, or by breaks, with level 0 below the first and
 *  level k from the k-th on. A row whose value is in no group is in no cell. */
export const NoisyDimension = z
  .union([GroupedTexts, GroupedNumbers])
  .refine(isWhole, "a text for each level, or one break fewer than levels, ascending");
export type NoisyDimension = z.infer<typeof NoisyDimension>;

/** A column that is summed. Numbers are clamped to [min, max] and rounded to `digits` decimals. */
export const NoisyMeasure = z
  .strictObject({
    name: MemberName,
    field: FieldName,
    min: z.number().min(-MAX_MEASURE).max(MAX_MEASURE),
    max: z.number().min(-MAX_MEASURE).max(MAX_MEASURE),
    digits: z.int().min(0).max(6),
  })
  .refine(({ min, max }) => min < max, "min below max");
export type NoisyMeasure = z.infer<typeof NoisyMeasure>;

/** A noisy table as a job declares it. */
export const NoisyTableSpec = z.strictObject({
  kind: z.literal("noisy-table"),
  dimensions: z
    .array(NoisyDimension)
    .min(1)
    .max(MAX_TABLE_DIMENSIONS)
    .refine((dimensions) => distinct(dimensions.map(({ name }) => name)), "each dimension once")
    .refine((dimensions) => dimensions.every(({ levels }) => distinct(levels)), "each level once")
    .refine((dimensions) => tableCells(dimensions) <= MAX_TABLE_CELLS, `at most ${MAX_TABLE_CELLS} cells`),
  measures: z
    .array(NoisyMeasure)
    .max(8)
    .refine((measures) => distinct(measures.map(({ name }) => name)), "each measure once"),
  contribution: ContributionBound,
  loss: PrivacyLoss,
});
export type NoisyTableSpec = z.infer<typeof NoisyTableSpec>;

/** One cell. */
export const NoisyCell = z.strictObject({
  /** Index of its level in each dimension, in their order. */
  at: z.array(z.int().min(0).max(63)).min(1).max(MAX_TABLE_DIMENSIONS),
  /** Rows within the contribution bound, with noise: it may be below zero. */
  rows: z.int(),
  /** By measure: the sum within the bounds, with noise, as a decimal. */
  sums: z.record(MemberName, z.string().regex(/^-?[0-9]{1,40}(\.[0-9]{1,6})?$/)),
});
export type NoisyCell = z.infer<typeof NoisyCell>;

/** A noisy table as it leaves: every declared cell, in order. */
export const NoisyTable = z.strictObject({
  ...NoisyTableSpec.shape,
  cells: z.array(NoisyCell).min(1).max(MAX_TABLE_CELLS),
  /** Of the noise alone, of one cell. */
  standardErrors: z.strictObject({ rows: z.number().positive(), sums: z.record(MemberName, z.number().positive()) }),
  /** What it cost of the source table's budget: millionths of ρ. */
  cost: Amount,
});
export type NoisyTable = z.infer<typeof NoisyTable>;

function isWhole(dimension: z.infer<typeof GroupedTexts> | z.infer<typeof GroupedNumbers>): boolean {
  const { levels } = dimension;
  if ("values" in dimension) {
    const named = new Set(Object.values(dimension.values));
    return named.size === levels.length && [...named].every((level) => level < levels.length);
  }
  const { breaks } = dimension;
  return breaks.length === levels.length - 1 && breaks.every((bound, i) => bound > (breaks[i - 1] ?? -Infinity));
}

function distinct(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}

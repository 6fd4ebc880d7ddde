/** Rules on the quality of a table (数据质量): what a department's officers expect of it before products are launched on it, and what
 *  of a measurement may be published. A rule names columns and bounds, never a person.
 *  @module */
import { z } from "zod";
import { FieldName, Instant, Name } from "./identifiers.ts";

/** Rules of one table at most. */
export const MAX_QUALITY_RULES = 64;
/** Values that a closed set may have. */
export const MAX_QUALITY_VALUES = 1_000;
/** Words that may stand for a missing value in one column. */
export const MAX_MISSING_WORDS = 16;
/** Columns of one key. */
export const MAX_KEY_COLUMNS = 4;

/** The five kinds of rule (完整性、一致性、准确性、有效性、及时性). */
export const QualityType = z.enum(["completeness", "consistency", "accuracy", "validity", "timeliness"]);
export type QualityType = z.infer<typeof QualityType>;

/** Forms that are known by detectors. */
export const QualityForm = z.enum([
  "resident-id",
  "social-credit-code",
  "bank-card",
  "mobile-number",
  "landline",
  "e-mail",
  "ip-address",
  "mac-address",
  "plate",
  "date",
]);
export type QualityForm = z.infer<typeof QualityForm>;

/** Forms with a check character. */
export const CheckedForm = QualityForm.extract(["resident-id", "social-credit-code", "bank-card"]);

/** Least share of what a rule judges that must pass. */
const minShare = z.number().min(0).max(1);
/** How much the rule counts among those of its type; absent: 1. */
const weight = z.int().min(1).max(100).optional();
const shared = { minShare, weight };
/** Age of data in days; absent: the period of the resource's update frequency. */
const maxAgeDays = z.int().min(0).max(36_600).optional();

/** A value of a closed set, or a word for a missing one, in its stored form. */
const Word = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}\p{Cs}]+$/u);

const Compared = z.enum(["<", "<=", "="]);

/** One rule. */
export const QualityRule = z.union([
  /** Rows that have a value: not null, no number that is none, not blank, and none of the words that mean "missing". */
  z.strictObject({
    type: z.literal("completeness"),
    field: FieldName,
    missing: z.array(Word).min(1).max(MAX_MISSING_WORDS).optional(),
    ...shared,
  }),
  /** Values of the form, between the bounds (both included), or in the set; rows without a value are not judged. */
  z.strictObject({
    type: z.literal("validity"),
    check: z.literal("form"),
    field: FieldName,
    form: QualityForm,
    ...shared,
  }),
  z
    .strictObject({
      type: z.literal("validity"),
      check: z.literal("range"),
      field: FieldName,
      /** Numbers for a column of numbers, days for one of dates. */
      min: z.union([z.number(), z.iso.date()]).optional(),
      max: z.union([z.number(), z.iso.date()]).optional(),
      ...shared,
    })
    .refine(({ min, max }) => boundsFit(min, max), "expected a bound, or two of one kind that ascend"),
  z.strictObject({
    type: z.literal("validity"),
    check: z.literal("values"),
    field: FieldName,
    values: z.array(Word).min(1).max(MAX_QUALITY_VALUES),
    ...shared,
  }),
  /** Rows whose two columns are as said; rows without both values are not judged. */
  z.strictObject({
    type: z.literal("consistency"),
    check: z.literal("compare"),
    field: FieldName,
    comparison: Compared,
    with: FieldName,
    ...shared,
  }),
  /** Rows whose identity number says the birth date of the other column. */
  z.strictObject({
    type: z.literal("consistency"),
    check: z.literal("birth-date"),
    field: FieldName,
    with: FieldName,
    ...shared,
  }),
  /** Different keys among the rows that have one: each row that repeats a key is one failure. */
  z.strictObject({
    type: z.literal("consistency"),
    check: z.literal("unique"),
    fields: z.array(FieldName).min(1).max(MAX_KEY_COLUMNS),
    ...shared,
  }),
  /** Of the values with the length and characters of the form, those whose check character, date and division are right. */
  z.strictObject({
    type: z.literal("accuracy"),
    check: z.literal("check-digit"),
    field: FieldName,
    form: CheckedForm,
    ...shared,
  }),
  /** Values that stand in a column of another table of the same domain. */
  z.strictObject({
    type: z.literal("accuracy"),
    check: z.literal("member"),
    field: FieldName,
    of: z.strictObject({ resource: Name, field: FieldName }),
    ...shared,
  }),
  /** Rows in all against the number that was agreed: the smaller over the larger, so that `minShare` is the tolerance. */
  z.strictObject({
    type: z.literal("accuracy"),
    check: z.literal("rows"),
    expected: z.int().positive(),
    ...shared,
  }),
  /** The latest day of the column, not counting days after tomorrow, is young enough. */
  z.strictObject({ type: z.literal("timeliness"), check: z.literal("newest"), field: FieldName, maxAgeDays, weight }),
  /** The table was imported not long ago. */
  z.strictObject({ type: z.literal("timeliness"), check: z.literal("imported"), maxAgeDays, weight }),
]);
export type QualityRule = z.infer<typeof QualityRule>;

/** What officers expect of one table. A product is launched on it only when every rule passes, and the score is high enough. */
export const QualityRules = z.strictObject({
  version: z.literal(1),
  rules: z.array(QualityRule).min(1).max(MAX_QUALITY_RULES),
  /** Least score, 0 to 100; absent: the rules alone decide. */
  minScore: z.number().min(0).max(100).optional(),
  /** Whether the catalogue shows score and shares, rounded; absent: it does not. */
  publish: z.boolean().optional(),
});
export type QualityRules = z.infer<typeof QualityRules>;

/** What a rule came to on one table: `passed` of `judged`; the instant until which its data are young enough, null when there is
 *  no day at all; or nothing, because the table has not the columns that the rule is about. */
export const RuleOutcome = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("share"), passed: z.int().nonnegative(), judged: z.int().nonnegative() }),
  z.strictObject({ kind: z.literal("fresh"), until: Instant.nullable() }),
  z.strictObject({ kind: z.literal("unfit") }),
]);
export type RuleOutcome = z.infer<typeof RuleOutcome>;

const Percent = z.int().min(0).max(100);

/** What the catalogue shows of a measurement: whole percents, in which fewer than ten rows make no difference. */
export const PublishedQuality = z.strictObject({
  score: Percent,
  /** Types that have a rule. */
  types: z.partialRecord(QualityType, Percent),
  measuredAt: Instant,
});
export type PublishedQuality = z.infer<typeof PublishedQuality>;

function boundsFit(min: number | string | undefined, max: number | string | undefined): boolean {
  if (min === undefined || max === undefined) return min !== max;
  return typeof min === typeof max && min <= max;
}

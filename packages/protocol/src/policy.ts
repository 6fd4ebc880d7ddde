/** The desensitisation policy and the certificate a sample carries. Closed: an unknown rule is refused,
 *  a column without a rule is dropped.
 *  @module */
import { z } from "zod";
import { AnonymityModel } from "./anonymity-model.ts";
import { MAX_HIERARCHY_STEPS } from "./hierarchy.ts";
import { FieldName, Instant, Name, Sha256Hex } from "./identifiers.ts";
import { ReleaseGate, SharingMode } from "./release-gate.ts";
import { FieldRole } from "./resource.ts";
import { RiskLevel, SampleVersions } from "./risk-report.ts";

/** What happens to one column before a job sees it. */
export const Transform = z.discriminatedUnion("kind", [
  /** The job does not see the column. */
  z.strictObject({ kind: z.literal("drop") }),
  /** As stored. Not allowed for direct identifiers. */
  z.strictObject({ kind: z.literal("keep") }),
  /** Text with its middle replaced by `*`. */
  z.strictObject({ kind: z.literal("mask"), keepFirst: z.int().min(0).max(16), keepLast: z.int().min(0).max(16) }),
  /** HMAC under a key of this scene, first 16 bytes in hexadecimal. Absent hash: `sha256`. */
  z.strictObject({ kind: z.literal("token"), hash: z.enum(["sha256", "sm3"]).optional() }),
  /** First `length` characters of a code: coarser region, coarser industry. */
  z.strictObject({ kind: z.literal("generalize"), length: z.int().min(1).max(16) }),
  /** Number replaced by the lower bound of its bucket, clamped to [min, max]. */
  z.strictObject({ kind: z.literal("bucket"), width: z.number().positive(), min: z.number(), max: z.number() }),
  /** The value at a level of the field's hierarchy; the highest level is `*`. */
  z.strictObject({
    kind: z.literal("hierarchy"),
    level: z
      .int()
      .min(1)
      .max(MAX_HIERARCHY_STEPS + 1),
  }),
  /** Date moved by days that are the same for all dates of one person, uniform in [-maxDays, maxDays]. Text and whole numbers
   *  hold dates as YYYYMMDD, text also as YYYY-MM-DD. */
  z.strictObject({ kind: z.literal("dateShift"), maxDays: z.int().min(1).max(3_650) }),
  /** Number with uniform noise in [-amplitude, amplitude], the same whenever it is shown, then clamped to [min, max].
   *  `subject`: rows of one person have one noise, which their mean keeps; `row`: each has its own. Absent: `subject`. */
  z.strictObject({
    kind: z.literal("noise"),
    amplitude: z.number().positive(),
    per: z.enum(["subject", "row"]).optional(),
    min: z.number().optional(),
    max: z.number().optional(),
  }),
  /** A realistic value that has nothing of the stored one; equal values have equal fakes. */
  /** Format-preserving encryption (FF1) under a key of this scene: valid values become valid values, one to one; what is not of
   *  the format becomes null. */
  z.strictObject({
    kind: z.literal("fpe"),
    format: z.enum(["resident-id", "mobile", "bank-card", "digits"]),
    cipher: z.enum(["aes", "sm4"]),
  }),
  z.strictObject({
    kind: z.literal("fake"),
    of: z.enum(["name", "mobile", "address", "organization", "plate"]),
  }),
]);
export type Transform = z.infer<typeof Transform>;

/** Rule for one column. */
export const ColumnRule = z.strictObject({ role: FieldRole, transform: Transform });
export type ColumnRule = z.infer<typeof ColumnRule>;

/** How a source table becomes what a job sees. Identified by the hash of its canonical JSON: a member that is absent is
 *  never filled in. */
export const Policy = z.strictObject({
  version: z.literal(1),
  resource: Name,
  /** A column without a rule is dropped. */
  columns: z.record(FieldName, ColumnRule),
  /** When true, every column of the resource must have a rule, if only `drop`. */
  strict: z.boolean().optional(),
  /** Absent: `controlled`. */
  sharing: SharingMode.optional(),
  sample: z.strictObject({
    rows: z.int().min(1).max(1_000_000),
    /** Columns, after transform, whose combinations are the strata. */
    strata: z.array(FieldName).max(4),
    /** `exact`: that many rows, stratified. `hash`: every row whose keyed hash is below a threshold, at most that many.
     *  Absent: `exact`. */
    method: z.enum(["exact", "hash"]).optional(),
  }),
  /** Every combination of quasi-identifiers in the sample is that of at least `k` persons. */
  k: z.int().min(2).max(1_000),
  /** Largest share of sampled rows that may be suppressed to reach `k`. */
  suppressionLimit: z.number().min(0).max(0.5),
  /** Absent: `suppress`, and nothing beside k. */
  model: AnonymityModel.optional(),
  /** Absent: nothing beside what every sample must pass. */
  gate: ReleaseGate.optional(),
});
export type Policy = z.infer<typeof Policy>;

/** What was measured on one sample. Every figure is computed on the sample that left. Members from `level` on are absent in
 *  certificates of before they were measured. A developer reads it: what it says of the whole table is rounded. */
export const Certificate = z.strictObject({
  policy: Sha256Hex,
  resource: Name,
  sourceSnapshot: Sha256Hex,
  sourceRowsRounded: z.int().nonnegative(),
  sampleRows: z.int().nonnegative(),
  suppressedRows: z.int().nonnegative(),
  quasiIdentifiers: z.array(FieldName),
  /** Column by which persons were counted, and the columns that were drawn. */
  key: FieldName.optional(),
  fields: z.array(FieldName).optional(),
  k: z.int().nonnegative(),
  /** Salted commitment to the sampling seed; the seed stays in the domain. */
  seedCommitment: Sha256Hex,
  at: Instant,
  /** Level of GB/T 42460-2023. A job is given no sample below 3. */
  level: RiskLevel.optional(),
  /** R of its Annex D, with DRc and CR, of which it is made; rounded up to two digits. */
  overallRisk: z.number().min(0).max(1).optional(),
  classRisk: z.number().min(0).max(1).optional(),
  contextRisk: z.number().min(0).max(1).optional(),
  sharing: SharingMode.optional(),
  /** A sample that did not pass has no certificate. */
  verdict: z.literal("passed").optional(),
  /** How much of the table's distributions the sample keeps, in hundredths. */
  fidelity: z.number().min(0).max(1).optional(),
  /** Columns in which some value could not be transformed, and became null. */
  transformFailures: z.array(FieldName).optional(),
  versions: SampleVersions.optional(),
  /** Hash of the report, which stays in the domain. */
  report: Sha256Hex.optional(),
});
export type Certificate = z.infer<typeof Certificate>;

/** The report on one sample: what it risks and what it is worth, for the department's officers. It never leaves the domain by
 *  itself; its hash stands in the sample's certificate. A figure that was not computed is absent.
 *  @module */
import { z } from "zod";
import { AnonymityModel } from "./anonymity-model.ts";
import { FieldName, Name, Sha256Hex } from "./identifiers.ts";
import { ReleaseContext, SharingMode } from "./release-gate.ts";

const Share = z.number().min(0).max(1);
const Count = z.int().nonnegative();

/** Level of GB/T 42460-2023: 1 has direct identifiers, 2 is above the limit, 3 below it, 4 is of aggregates. */
export const RiskLevel = z.literal([1, 2, 3, 4]);
export type RiskLevel = z.infer<typeof RiskLevel>;

/** What made a sample: the package of policies and the engine. */
export const SampleVersions = z.strictObject({ desensitize: z.string().max(40), engine: z.string().max(40) });
export type SampleVersions = z.infer<typeof SampleVersions>;

/** Rules that a sample must pass before it may go to a job. */
export const GATE_RULES = [
  "k",
  "suppression",
  "min-rows",
  "residual-identifiers",
  "invalid-values",
  "overall-risk",
  "model",
] as const;
/** One of them with what was measured. */
export const GateResult = z.strictObject({
  rule: z.enum(GATE_RULES),
  passed: z.boolean(),
  measured: z.number(),
  limit: z.number(),
  /** Columns that broke it. */
  columns: z.array(FieldName).optional(),
});
export type GateResult = z.infer<typeof GateResult>;

const AttackerRisk = z.strictObject({ atRisk: Share, highest: Share, average: Share });

/** How far a column of the sample is from the same column of the whole table, both after the transform. */
export const ColumnUtility = z.strictObject({
  name: FieldName,
  /** Share of rows without a value. */
  missing: z.strictObject({ sample: Share, table: Share }),
  /** Total-variation distance: half the sum of the differences of the shares of the values; of `bins` of equal width for
   *  numbers with many values. */
  distance: Share.optional(),
  bins: z.int().positive().optional(),
  /** Entropy after the transform by entropy before, in the whole table. */
  entropyKept: Share.optional(),
  /** |difference of means| in standard deviations of the table. */
  meanError: z.number().nonnegative().optional(),
  /** |difference of the quantiles| at 10, 25, 50, 75 and 90 %, in standard deviations of the table. */
  quantileErrors: z.array(z.number().nonnegative()).length(5).optional(),
});
export type ColumnUtility = z.infer<typeof ColumnUtility>;

/** The report. */
export const RiskReport = z.strictObject({
  type: z.literal("risk-report"),
  resource: Name,
  policy: Sha256Hex,
  sourceSnapshot: Sha256Hex,
  versions: SampleVersions,
  /** Of the seed: keeps the report from being guessed from its hash. */
  salt: Sha256Hex,
  sharing: SharingMode,
  counts: z.strictObject({
    sourceRows: Count,
    drawnRows: Count,
    sampleRows: Count,
    suppressedRows: Count,
    persons: Count,
    classes: Count,
  }),
  quasiIdentifiers: z.array(FieldName),
  /** Persons of the smallest class. */
  k: Count,
  /** What the policy's model found in the classes that are left; absent when it asks for k alone, or could not be kept. */
  model: z
    .strictObject({
      algorithm: AnonymityModel.shape.algorithm,
      /** Level that a full-domain search chose for each column; of a column without a hierarchy 0, or 1 for `*`. */
      levels: z.record(FieldName, Count).optional(),
      l: Count.optional(),
      entropyL: z.number().nonnegative().optional(),
      t: Share.optional(),
      delta: z.strictObject({ min: Share, max: Share }).optional(),
    })
    .optional(),
  /** Largest k that the drawn rows keep within the policy's suppression limit, where nothing is made coarser. */
  bestK: Count.optional(),
  /** Classes of `from` to `to` persons. */
  classSizes: z.array(
    z.strictObject({ from: z.int().positive(), to: z.int().positive(), classes: Count, persons: Count }),
  ),
  classRisk: z.strictObject({ minPersons: z.int(), overThreshold: Share, highest: Share, mean: Share }),
  contextRisk: z.strictObject({
    control: ReleaseContext.shape.control,
    motive: ReleaseContext.shape.motive,
    prevalence: Share,
    acquaintances: Count,
    deliberate: Share,
    acquaintance: Share,
    breach: Share,
    value: Share,
    /** Whether the policy states circumstances; without, those that are assumed. */
    stated: z.boolean(),
  }),
  overallRisk: Share,
  level: RiskLevel,
  attackers: z.strictObject({
    prosecutor: AttackerRisk,
    /** Against the whole table. */
    journalist: AttackerRisk.optional(),
    marketer: Share.optional(),
  }),
  uniqueness: z.strictObject({
    sample: Share,
    population: Share.optional(),
    /** Share of the drawn persons who were alone before suppression. */
    drawn: Share.optional(),
  }),
  minimalUniques: z
    .strictObject({
      columns: z.array(FieldName),
      maxColumns: z.int().min(0).max(3),
      bySize: z.array(Count),
      rows: Share,
      byColumn: z.array(Share),
    })
    .optional(),
  /** Values that a detector takes for identifiers. Must be empty. */
  residual: z.array(z.strictObject({ column: FieldName, kind: z.string().max(40), values: Count.optional() })),
  /** Values that a transform could not take and made null. */
  transformFailures: z.array(z.strictObject({ column: FieldName, values: Count, share: Share })),
  utility: z.strictObject({
    suppressedShare: Share,
    /** Σ fj² over rows of classes, and every suppressed row with all drawn rows. */
    discernibility: z.number().nonnegative(),
    /** Rows per class by k; 1 is the least. */
    averageClass: z.number().nonnegative(),
    /** Normalised certainty penalty of the anonymity model, suppressed rows counting 1. */
    loss: Share.optional(),
    columns: z.array(ColumnUtility),
    /** Pearson correlations of numbers, sample against table. */
    correlation: z
      .strictObject({
        pairs: z.int().positive(),
        mean: z.number().min(0).max(2),
        largest: z.number().min(0).max(2),
        columns: z.tuple([FieldName, FieldName]),
      })
      .optional(),
    fidelity: Share.optional(),
  }),
  gate: z.array(GateResult),
  verdict: z.enum(["passed", "refused"]),
});
export type RiskReport = z.infer<typeof RiskReport>;

/** What a job declares, what it returns, and what the guard says of it.
 *  @module */
import { z } from "zod";
import { BundleLimit, Lockfile } from "./bundle-rules.ts";
import { ColumnType, type ColumnBatch } from "./columns.ts";
import { CountPrivacy } from "./count-noise.ts";
import { DatasetSpec } from "./dataset.ts";
import type { GuardFinding } from "./guard-report.ts";
import { DeclaredKeys } from "./join/declared-keys.ts";
import { FieldName, MemberName, Name } from "./identifiers.ts";
import { JoinSumSpec } from "./join-sum-product.ts";
import type { ModelEvidence } from "./model-evidence.ts";
import { isModelKind, type ReleasedModel } from "./model.ts";
import { ClustersSpec, LinearModelSpec, ScorecardSpec, TreeModelSpec } from "./model-spec.ts";
import { NoisyTableSpec } from "./noisy-table.ts";
import { ParamSpecs } from "./params.ts";
import { PsiKind } from "./psi-sizes.ts";
import { PsiSides } from "./psi-transfer.ts";
import { MAX_METRIC_KEYS, MAX_RUN_LIMITS, MIN_RUN_LIMITS } from "./run-limits.ts";
import { MAX_FEATURE_BOUND, ScoreLink } from "./score.ts";
import { HiddenSelectionSpec } from "./selection-spec.ts";
import { SquareNetworkSpec, type SquareNetworkFit } from "./square-network.ts";
import { TableSpec, type Table, type TableRows } from "./table.ts";

/** An output that may leave (`released`), or of which the domain serves answers (`served`). */
export const OutputSpec = z.discriminatedUnion("kind", [
  /** Released: named numbers. */
  z.strictObject({ kind: z.literal("metrics"), keys: z.array(MemberName).min(1).max(32) }),
  LinearModelSpec,
  TreeModelSpec,
  ScorecardSpec,
  ClustersSpec,
  /** Served: one label per row, from a closed list. */
  z.strictObject({ kind: z.literal("labels"), vocabulary: z.array(MemberName).min(2).max(64) }),
  /** Served: whose keys are in the set that callers match their lists with. */
  z
    .strictObject({
      kind: z.literal("set"),
      match: PsiKind,
      /** Keys by which callers join their rows; exactly the text of the grant's key unless given. */
      keys: DeclaredKeys.optional(),
      /** Noise of counts, and how many of them a caller has; usual ones unless given. */
      privacy: CountPrivacy.optional(),
      /** Whether lists are much shorter than the set, as usual, or about as long; of psi-ids alone. */
      sides: PsiSides.optional(),
    })
    .refine(({ match, keys = [] }) => match === "psi-ids" || keys.length <= 1, {
      path: ["keys"],
      message: "one key where matches are counted",
    })
    .refine(({ match, sides }) => match === "psi-ids" || sides === undefined, {
      path: ["sides"],
      message: "of psi-ids alone",
    })
    .refine(({ match, privacy }) => match === "psi-cardinality" || privacy === undefined, {
      path: ["privacy"],
      message: "of psi-cardinality alone",
    }),
  /** Served: values that callers learn the sum of over a list, made without user code. */
  JoinSumSpec,
  /** Served: the released linear model, over encrypted columns within ±`featureBound`. `link` is applied by callers. */
  z.strictObject({
    kind: z.literal("score"),
    featureBound: z.number().positive().max(MAX_FEATURE_BOUND),
    link: ScoreLink,
  }),
  SquareNetworkSpec,
  /** Served: a grouped table with disclosure control. */
  TableSpec,
  /** Served: a grouped table under differential privacy, made without user code. */
  NoisyTableSpec,
  /** Served: rows of the certified sample, for some days, made without user code. */
  DatasetSpec,
  /** Served: noisy sums over groups that callers select without saying which, made without user code. */
  HiddenSelectionSpec,
]);
export type OutputSpec = z.infer<typeof OutputSpec>;

/** Kinds of output of which a domain serves answers: a job declares one at most, and it makes the product's form. */
export const SERVED_KINDS = [
  "labels",
  "set",
  "sum",
  "score",
  "square-network",
  "table",
  "noisy-table",
  "dataset",
  "hidden-selection",
] as const satisfies OutputSpec["kind"][];
export type ServedKind = (typeof SERVED_KINDS)[number];

/** Whether an output of this kind is served. */
export function isServedKind(kind: OutputSpec["kind"]): kind is ServedKind {
  return SERVED_KINDS.some((served) => served === kind);
}

/** Kinds of served output that no code of a job returns: a score serves the released model, and the domain makes values to be
 *  summed, noisy tables, data sets and sums of groups from their declarations. */
export const DECLARED_KINDS = [
  "sum",
  "score",
  "noisy-table",
  "dataset",
  "hidden-selection",
] as const satisfies ServedKind[];
export type DeclaredKind = (typeof DECLARED_KINDS)[number];

/** Whether the domain serves an output of this kind without anything that `produce` returns. */
export function isDeclaredKind(kind: OutputSpec["kind"]): kind is DeclaredKind {
  return DECLARED_KINDS.some((declared) => declared === kind);
}

/** Whether `produce` returns an output of this kind, for every row. */
export function isProducedKind(kind: OutputSpec["kind"]): kind is Exclude<ServedKind, DeclaredKind> {
  return isServedKind(kind) && !isDeclaredKind(kind);
}

/** How a job reads its table: whole columns at once, or only some rows of them at a time, for tables of any size. */
export const JobRead = z.enum(["columns", "batches"]);
export type JobRead = z.infer<typeof JobRead>;

/** What `defineJob` declares; extracted from the bundle inside the sandbox, never typed in. */
export const JobManifest = z
  .strictObject({
    name: Name,
    purpose: Name,
    /** Columns the job reads, with their type after the policy's transforms. */
    input: z.record(FieldName, ColumnType),
    /** Whole columns unless given. */
    read: JobRead.optional(),
    outputs: z.record(MemberName, OutputSpec),
    /** Numbers and words that a run is given. */
    params: ParamSpecs.optional(),
    /** What a run may use, when the job asks for more or less than is usual; each environment has its largest. */
    limits: z
      .strictObject({
        wallTimeLimitMs: z
          .int()
          .min(MIN_RUN_LIMITS.wallTimeLimitMs)
          .max(MAX_RUN_LIMITS.production.wallTimeLimitMs)
          .optional(),
        memoryLimitBytes: z
          .int()
          .min(MIN_RUN_LIMITS.memoryLimitBytes)
          .max(MAX_RUN_LIMITS.production.memoryLimitBytes)
          .optional(),
        bundleLimitBytes: BundleLimit.optional(),
      })
      .optional(),
    /** What the packages in the bundle were installed by; absent when there are none. */
    lockfile: Lockfile.optional(),
  })
  .refine(({ outputs }) => metricKeys(outputs) <= MAX_METRIC_KEYS, {
    path: ["outputs"],
    message: `at most ${MAX_METRIC_KEYS} keys of metrics in all`,
  })
  .refine(({ outputs }) => countKinds(outputs, isServedKind) <= 1, {
    path: ["outputs"],
    message: "at most one output that is served",
  })
  .refine(({ outputs }) => countKinds(outputs, isModelKind) <= 1, {
    path: ["outputs"],
    message: "at most one model",
  })
  .refine(({ outputs }) => !hasKind(outputs, "score") || countKinds(outputs, (kind) => kind === "linear-model") === 1, {
    path: ["outputs"],
    message: "exactly one linear-model beside a score",
  })
  .refine(({ input, outputs }) => Object.values(outputs).every((spec) => readsInput(spec, input)), {
    path: ["outputs"],
    message:
      "a noisy table or a hidden selection of input columns, dict or bool for texts, f64 or i32 for breaks and measures; a sum of an f64 or i32 one; a dataset of input columns; a model's target among them",
  });
export type JobManifest = z.infer<typeof JobManifest>;

/** Named numbers. */
export const Metrics = z.strictObject({ kind: z.literal("metrics"), values: z.record(MemberName, z.number()) });
export type Metrics = z.infer<typeof Metrics>;

/** One label code per row; `codes[i]` indexes the declared vocabulary. */
export type Labels = { kind: "labels"; codes: Uint8Array };

/** 1 for each row whose key is in the set, else 0. */
export type MemberFlags = { kind: "set"; members: Uint8Array };

/** What a run returned, decoded. A run has outputs of one class only. */
export type JobOutput =
  | { class: "released"; values: Record<string, Metrics | ReleasedModel> }
  | { class: "served"; values: Record<string, Labels | MemberFlags | SquareNetworkFit | TableRows> };

/** What the guard lets through: rows of a table have become its cells. */
export type CheckedOutput =
  | { class: "released"; values: Record<string, Metrics | ReleasedModel> }
  | { class: "served"; values: Record<string, Labels | MemberFlags | SquareNetworkFit | Table> };

/** Outcome of the guard. `output` is the only form in which user-made values go on. */
export type Verdict =
  | {
      ok: true;
      output: CheckedOutput;
      findings: GuardFinding[];
      /** Whom the table of the output shows: for the domain to keep, and for nobody else. */
      shown?: Uint32Array;
      /** What was measured of released models: for a reviewer in the domain, and for nobody else. */
      evidence?: ModelEvidence[];
    }
  | { ok: false; findings: GuardFinding[]; evidence?: ModelEvidence[] };

/** Facts about a run that the guard takes from the domain, never from user code. */
export type DomainFacts = {
  rowCount: number;
  /** Number of the person or thing that each row is about, below `rowCount`; without it, each row is about another. */
  subjects?: Uint32Array;
  /** Environment of the run. */
  environment: "development" | "production";
  /** Values of dictionary columns that the names of a model's features may hold, each of enough persons or things; without it,
   *  only short words that are no identifiers. */
  levels?: Record<string, readonly string[]>;
  /** The rows as user code saw them; without it, the rules that look for copied rows do not run. */
  table?: ColumnBatch;
  /** Columns of `table` that are sensitive by the policy. */
  sensitive?: readonly string[];
  /** Two words for each person or thing, by number: a keyed tag, the same in every run over the source table. Without it,
   *  nothing is held against what was told before. */
  tags?: Uint32Array;
  /** What earlier outputs of the source showed, as the guard gave it in `Verdict.shown`, one after another. Without it metrics and
   *  models are not held against it, and a table as if there was nothing. */
  shown?: Uint32Array;
  /** Rows of persons outside of the sample, as user code would have seen them: what a model is measured against. User code
   *  never has them. */
  heldOut?: ColumnBatch;
  /** Bits that outputs over the source table carried before, at most; without it, no ledger is kept. */
  bitsBefore?: number;
};

/** Whether the columns of a noisy table, a hidden selection or a sum are inputs of types that can be grouped and summed as declared, those of a data
 *  set inputs, and what a model predicts an input. */
function readsInput(spec: OutputSpec, input: Readonly<Record<string, ColumnType>>): boolean {
  if (spec.kind === "dataset") return spec.fields.every((field) => Object.hasOwn(input, field));
  if ("target" in spec && spec.target !== undefined) return Object.hasOwn(input, spec.target);
  if (spec.kind !== "noisy-table" && spec.kind !== "hidden-selection" && spec.kind !== "sum") return true;
  const has = (field: string, types: readonly ColumnType[]): boolean => {
    const type = Object.hasOwn(input, field) ? input[field] : undefined;
    return type !== undefined && types.includes(type);
  };
  if (spec.kind === "sum") return has(spec.field, NUMBERS);
  return (
    spec.measures.every(({ field }) => has(field, NUMBERS)) &&
    spec.dimensions.every((dimension) => has(dimension.field, "values" in dimension ? TEXTS : NUMBERS))
  );
}

const NUMBERS = ["f64", "i32"] as const satisfies ColumnType[];
const TEXTS = ["dict", "bool"] as const satisfies ColumnType[];

function countKinds(outputs: Record<string, OutputSpec>, counts: (kind: OutputSpec["kind"]) => boolean): number {
  return Object.values(outputs).filter(({ kind }) => counts(kind)).length;
}

function metricKeys(outputs: Record<string, OutputSpec>): number {
  return Object.values(outputs).reduce((sum, spec) => sum + (spec.kind === "metrics" ? spec.keys.length : 0), 0);
}

function hasKind(outputs: Record<string, OutputSpec>, kind: OutputSpec["kind"]): boolean {
  return countKinds(outputs, (other) => other === kind) > 0;
}

/** What a job declares, what it returns, and what the guard says of it.
 *  @module */
import { z } from "zod";
import { ColumnType } from "./columns.ts";
import { FieldName, Instant, Name, Sha256Hex } from "./identifiers.ts";

/** Name of a member that a job declares: an output, a metric, a label. */
export const MemberName = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,39}$/);
export type MemberName = z.infer<typeof MemberName>;

/** An output that may leave (`released`) or that stays and is asked about (`served`). */
export const OutputSpec = z.discriminatedUnion("kind", [
  /** Released: named numbers. */
  z.strictObject({ kind: z.literal("metrics"), keys: z.array(MemberName).min(1).max(32) }),
  /** Released: coefficients of a linear score, one per feature, and an intercept. */
  z.strictObject({ kind: z.literal("linear-model"), maxParameters: z.int().min(1).max(256) }),
  /** Served: one label per row, from a closed list. */
  z.strictObject({ kind: z.literal("labels"), vocabulary: z.array(MemberName).min(2).max(64) }),
]);
export type OutputSpec = z.infer<typeof OutputSpec>;

/** What `defineJob` declares; extracted from the bundle inside the sandbox, never typed in. */
export const JobManifest = z.strictObject({
  name: Name,
  purpose: Name,
  /** Columns the job reads, with their type after the policy's transforms. */
  input: z.record(FieldName, ColumnType),
  outputs: z.record(MemberName, OutputSpec),
  /** Limits below those of the environment, when the job asks for less. */
  limits: z.strictObject({ wallTimeLimitMs: z.int().min(100).max(3_600_000) }).optional(),
});
export type JobManifest = z.infer<typeof JobManifest>;

/** Coefficients in declared order of features. */
export const LinearModel = z.strictObject({
  kind: z.literal("linear-model"),
  features: z.array(z.string().min(1).max(80)).min(1).max(256),
  weights: z.array(z.number()).min(1).max(256),
  intercept: z.number(),
});
export type LinearModel = z.infer<typeof LinearModel>;

/** Named numbers. */
export const Metrics = z.strictObject({ kind: z.literal("metrics"), values: z.record(MemberName, z.number()) });
export type Metrics = z.infer<typeof Metrics>;

/** One label code per row; `codes[i]` indexes the declared vocabulary. */
export type Labels = { kind: "labels"; codes: Uint8Array };

/** What a run returned, decoded. A run has outputs of one class only. */
export type JobOutput =
  | { class: "released"; values: Record<string, Metrics | LinearModel> }
  | { class: "served"; values: Record<string, Labels> };

/** One rule the guard applied. */
export const GuardFinding = z.strictObject({
  output: MemberName,
  /** Stable rule id, for example `metrics-range`. */
  rule: z.string().regex(/^[a-z0-9-]{1,40}$/),
  result: z.enum(["passed", "changed", "refused"]),
  /** What was done or must change, in declared facts. */
  note: z.string().max(200),
});
export type GuardFinding = z.infer<typeof GuardFinding>;

/** The guard's signed-over report on one run. Its hash goes into release and receipt. */
export const GuardReport = z.strictObject({
  bundle: Sha256Hex,
  class: z.enum(["released", "served"]),
  findings: z.array(GuardFinding).max(512),
  /** Hash of the output as it was let through; absent when it was refused. */
  output: Sha256Hex.optional(),
  at: Instant,
});
export type GuardReport = z.infer<typeof GuardReport>;

/** Outcome of the guard. `output` is the only form in which user-made values go on. */
export type Verdict =
  | { ok: true; output: JobOutput; findings: GuardFinding[] }
  | { ok: false; findings: GuardFinding[] };

/** Facts about a run that the guard takes from the domain, never from user code. */
export type DomainFacts = {
  rowCount: number;
  /** Environment of the run. */
  environment: "development" | "production";
  /** Values of dictionary columns that the names of a model's features may hold, each of enough rows; without it,
   *  only short words that are no identifiers. */
  levels?: Record<string, readonly string[]>;
};

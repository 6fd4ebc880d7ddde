/** What the store process and the guard say to each other.
 *  @module */
import { GuardFinding, JobManifest, LinearModel, MAX_JOB_OUTPUT_BYTES, MemberName, Metrics } from "@sluice/protocol";
import { z } from "zod";
import { Details, ErrorCodeText } from "./broker-protocol.ts";

/** Store → guard. Part 0 is a run's output, as user code wrote it. */
export const GuardRequest = z.discriminatedUnion("kind", [
  /** Read the manifest that a `describe` run returned. */
  z.strictObject({ kind: z.literal("manifest"), id: z.int() }),
  z.strictObject({
    kind: z.literal("check"),
    id: z.int(),
    manifest: JobManifest,
    facts: z.strictObject({
      rowCount: z.int().nonnegative(),
      environment: z.enum(["development", "production"]),
      levels: z.record(z.string(), z.array(z.string())).optional(),
    }),
  }),
]);
export type GuardRequest = z.infer<typeof GuardRequest>;

const Findings = z.array(GuardFinding).max(512);

/** Guard → store. Parts of a served verdict are the label codes, in the order of `names`. */
export const GuardAnswer = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("manifest"), id: z.int(), manifest: JobManifest }),
  z.strictObject({
    kind: z.literal("released"),
    id: z.int(),
    findings: Findings,
    values: z.record(MemberName, z.discriminatedUnion("kind", [Metrics, LinearModel])),
  }),
  z.strictObject({
    kind: z.literal("served"),
    id: z.int(),
    findings: Findings,
    names: z.array(MemberName).min(1).max(64),
  }),
  z.strictObject({ kind: z.literal("refused"), id: z.int(), findings: Findings }),
  /** The output could not be decoded; or the guard itself failed. */
  z.strictObject({ kind: z.literal("error"), id: z.int(), code: ErrorCodeText, details: Details }),
]);
export type GuardAnswer = z.infer<typeof GuardAnswer>;

/** Largest message in either direction. */
export const MAX_GUARD_MESSAGE_BYTES = MAX_JOB_OUTPUT_BYTES + 4 * 1_048_576;

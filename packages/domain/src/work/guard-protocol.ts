/** What the store process and the guard say to each other.
 *  @module */
import {
  GuardFinding,
  JobManifest,
  ReleasedModel,
  MAX_JOB_OUTPUT_BYTES,
  MemberName,
  Metrics,
  ModelEvidence,
} from "@sluice/protocol";
import { z } from "zod";
import { Details, ErrorCodeText } from "./broker-protocol.ts";
import { MAX_TABLE_BYTES, TableHead } from "./table-parts.ts";

/** Store → guard. Part 0 is a run's output in the canonical form, as a decoder wrote it; part 1 of a check, when the store has numbered whom
 *  rows are about, is one little-endian uint32 for each row, part 2 two for each person, part 3 what earlier tables showed,
 *  each else empty; then the parts of the rows that user code read. */
export const GuardRequest = z.discriminatedUnion("kind", [
  /** Read the manifest that a `describe` run returned. */
  z.strictObject({ kind: z.literal("manifest"), id: z.int() }),
  z.strictObject({
    kind: z.literal("check"),
    id: z.int(),
    manifest: JobManifest,
    facts: z.strictObject({
      rowCount: z.int().nonnegative(),
      table: TableHead,
      sensitive: z.array(z.string()),
      environment: z.enum(["development", "production"]),
      /** Whether part 3 is what outputs are held against, also when it is empty. */
      held: z.literal(true).optional(),
      heldOut: TableHead.optional(),
      bitsBefore: z.number().nonnegative().optional(),
    }),
  }),
]);
export type GuardRequest = z.infer<typeof GuardRequest>;

const Findings = z.array(GuardFinding).max(512);
/** Of each released model. */
const Evidence = z.array(ModelEvidence).max(64).optional();

/** Guard → store. Parts of a served verdict belong to `outputs`, in their order: a byte for each row of labels and sets,
 *  the JSON text of a table or of a model that stays. */
export const GuardAnswer = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("manifest"), id: z.int(), manifest: JobManifest }),
  z.strictObject({
    kind: z.literal("released"),
    id: z.int(),
    findings: Findings,
    /** Whether a part follows: on whom it was computed. */
    shown: z.literal(true).optional(),
    evidence: Evidence,
    values: z.record(MemberName, z.union([Metrics, ReleasedModel])),
  }),
  z.strictObject({
    kind: z.literal("served"),
    id: z.int(),
    findings: Findings,
    /** Whether another part follows: what the table shows. */
    shown: z.literal(true).optional(),
    outputs: z
      .array(z.strictObject({ name: MemberName, kind: z.enum(["labels", "set", "square-network", "table"]) }))
      .min(1)
      .max(64),
  }),
  z.strictObject({ kind: z.literal("refused"), id: z.int(), findings: Findings, evidence: Evidence }),
  /** The output could not be decoded; or the guard itself failed. */
  z.strictObject({ kind: z.literal("error"), id: z.int(), code: ErrorCodeText, details: Details }),
]);
export type GuardAnswer = z.infer<typeof GuardAnswer>;

/** Largest JSON text of a table: every cell of it with every mean. */
export const MAX_TABLE_JSON_BYTES = 4 * 1_048_576;
/** Largest JSON text of a model that stays: 64 units of 32 features. */
export const MAX_NETWORK_JSON_BYTES = 262_144;
/** Largest answer: a byte for each row of the longest output. */
export const MAX_GUARD_ANSWER_BYTES = MAX_JOB_OUTPUT_BYTES + 4 * 1_048_576;
/** Largest request: an output, with the rows that it was made from. */
export const MAX_GUARD_REQUEST_BYTES = MAX_TABLE_BYTES + 2 ** 32 - 1;

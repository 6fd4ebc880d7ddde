/** What the store process and the broker say to each other.
 *  @module */
import {
  isErrorCode,
  JobManifest,
  MAX_JOB_OUTPUT_BYTES,
  MemberName,
  ParamValues,
  ReleasedModel,
} from "@sluice/protocol";
import { z } from "zod";
import { MAX_TABLE_BYTES, TableHead } from "./table-parts.ts";

/** A code of the catalogue. */
export const ErrorCodeText = z.string().refine(isErrorCode, { error: "a code of the catalogue" });
/** Declared facts of a refusal. */
export const Details = z.record(z.string().max(40), z.union([z.string().max(1_000), z.number()]));

/** Store → broker. Part 0 of `run` is the bundle; the table's dictionaries follow. `opened`, or `columns` with values and
 *  validity of the table as parts, answers a `want`; `taken` a `wantBatch`. */
export const BrokerRequest = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("run"),
    id: z.int(),
    entry: z.enum(["describe", "develop", "produce"]),
    /** What the output is decoded by; absent for `describe`. */
    manifest: JobManifest.optional(),
    environment: z.enum(["development", "production"]),
    params: ParamValues.optional(),
    seed: z.number(),
    limits: z.strictObject({ wallTimeLimitMs: z.number().positive(), memoryLimitBytes: z.number().positive() }),
    table: TableHead.optional(),
    model: ReleasedModel.optional(),
  }),
  z.strictObject({ kind: z.literal("cancel"), id: z.int() }),
  z.strictObject({ kind: z.literal("opened"), id: z.int() }),
  z.strictObject({ kind: z.literal("columns"), id: z.int() }),
  z.strictObject({ kind: z.literal("taken"), id: z.int() }),
]);
export type BrokerRequest = z.infer<typeof BrokerRequest>;

const Layers = z.array(z.string().regex(/^[a-z0-9-]{1,32}$/)).max(16);

/** Broker → store. `want` asks once for the columns of a run: to be written into the pipe that the broker has open as `fd`,
 *  or to be sent; `wantBatch` for a batch, into that pipe. Part 0 of `log` is the line, part 0 of `result` the output in the canonical form, as a
 *  decoder wrote it: bytes that a job which took its decoder over chose. */
export const BrokerAnswer = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("want"), id: z.int(), fd: z.int().min(3).optional() }),
  z.strictObject({
    kind: z.literal("wantBatch"),
    id: z.int(),
    index: z.int().nonnegative(),
    rows: z.int().positive().multipleOf(8),
  }),
  z.strictObject({ kind: z.literal("progress"), id: z.int(), percent: z.number().min(0).max(100) }),
  z.strictObject({ kind: z.literal("log"), id: z.int() }),
  z.strictObject({ kind: z.literal("metric"), id: z.int(), name: MemberName, value: z.number() }),
  z.strictObject({ kind: z.literal("result"), id: z.int(), layers: Layers, wallMs: z.number().nonnegative() }),
  z.strictObject({
    kind: z.literal("refused"),
    id: z.int(),
    by: z.enum(["sandbox", "decoder"]),
    code: ErrorCodeText,
    details: Details,
    layers: Layers,
    wallMs: z.number().nonnegative(),
  }),
]);
export type BrokerAnswer = z.infer<typeof BrokerAnswer>;

/** Largest request: a table, with code and dictionaries. */
export const MAX_BROKER_REQUEST_BYTES = MAX_TABLE_BYTES + 64 * 2 ** 20;
/** Largest answer: an output, with its head. */
export const MAX_BROKER_ANSWER_BYTES = MAX_JOB_OUTPUT_BYTES + 1_048_576;

/** The one schema of process logs, of gateways and domains alike. It is closed: what is not named here cannot be written.
 *  Every text in it is a name, a code, a hash or a random number; no body, key, address, header or message of an engine.
 *  @module */
import { isErrorCode, JoinKey, Name, Operation, Random128, Sha256Hex } from "@sluice/protocol";
import { z } from "zod";
import { ANCHOR_FAULTS, type AnchorFault } from "../anchor/anchor.ts";

/** A code of the catalogue. */
const Code = z.string().refine(isErrorCode);
/** Random number that stands on an answer (header `sluice-reference`) and on every line about it. */
const Reference = z.string().regex(/^[0-9a-f]{16}$/);
/** Name of an error's class. */
const FaultName = z.string().regex(/^[A-Za-z0-9_$]{1,64}$/);
/** A place in the code. */
const Frame = z.string().max(300);

/** One answered request. */
const RequestEvent = z.strictObject({
  event: z.literal("request"),
  method: z.enum(["GET", "HEAD", "POST", "PUT", "other"]),
  /** The route's pattern, never the address; null when no route matched. */
  route: z.string().nullable(),
  status: z.int(),
  ms: z.int(),
  reference: Reference,
  /** Code of the refusal, and who refused; absent when the answer is none. */
  code: Code.optional(),
  refusedBy: z.enum(["client", "gateway", "domain", "guard", "sandbox"]).optional(),
  /** Registered party whose signature the gateway verified. */
  party: Name.optional(),
  /** Operation and call id of an envelope that came under a verified signature. */
  operation: Operation.optional(),
  callId: Random128.optional(),
});

/** An event of a process. */
export const LogEvent = z.discriminatedUnion("event", [
  RequestEvent,
  z.strictObject({
    event: z.literal("started"),
    version: z.string(),
    node: z.string(),
    address: z.string(),
    metricsPort: z.int().optional(),
    /** Isolation layers without which this domain runs no job. */
    requiredLayers: z.array(z.string()).optional(),
  }),
  z.strictObject({ event: z.literal("stopping") }),
  /** Isolation layers found by probing. */
  z.strictObject({ event: z.literal("layers"), layers: z.array(z.string()) }),
  /** A run has come to a state. */
  z.strictObject({
    event: z.literal("run"),
    callId: Random128,
    operation: Operation,
    state: z.string(),
    code: Code.optional(),
  }),
  /** A set was made by typed keys, and some rows have none: how many, for the department alone. */
  z.strictObject({
    event: z.literal("keys-left-out"),
    callId: Random128,
    /** Columns and types of the key. */
    key: JoinKey,
    rows: z.int().min(0),
    /** Rows with nothing in a part, and rows with something that its type does not have. */
    missing: z.int().min(0),
    invalid: z.int().min(0),
  }),
  z.strictObject({ event: z.literal("grant-revoked"), grant: Sha256Hex }),
  z.strictObject({ event: z.literal("party"), party: Name, status: z.enum(["active", "suspended"]) }),
  /** An anchor takes checkpoints again, or does not any more. */
  z.strictObject({
    event: z.literal("anchor"),
    anchor: Name,
    state: z.enum(["anchored", "failed"]),
    fault: z.enum(Object.keys(ANCHOR_FAULTS) as AnchorFault[]).optional(),
  }),
  /** A worker that answers lookups of a domain holds another number of partitions, answers again, or does not any more. */
  z.strictObject({
    event: z.literal("worker"),
    /** SHA-256 of its address. */
    worker: Sha256Hex,
    partitions: z.int().min(0),
    /** Whether it answered last. */
    up: z.boolean(),
  }),
  /** Something unexpected: by name and place, without its message. */
  z.strictObject({
    event: z.literal("fault"),
    fault: FaultName,
    reference: Reference.optional(),
    frames: z.array(Frame).max(8),
  }),
]);
export type LogEvent = z.infer<typeof LogEvent>;

/** Words in front of an event. */
const LogHead = z.looseObject({
  time: z.iso.datetime(),
  level: z.enum(["info", "warn", "error"]),
  service: z.enum(["gateway", "domain"]),
  domain: Name.optional(),
});

/** One line of a process log. */
export interface LogLine extends Pick<z.infer<typeof LogHead>, "time" | "level" | "service"> {
  readonly domain: string | undefined;
  readonly event: LogEvent;
}

/** Reads a line. @throws SyntaxError, z.ZodError when it is none */
export function readLogLine(text: string): LogLine {
  const { time, level, service, domain, ...event } = LogHead.parse(JSON.parse(text));
  return { time, level, service, domain, event: LogEvent.parse(event) };
}

/** What the relay of an aggregation says: how far it is, and the messages of a round as it hands them to a domain.
 *  @module */
import { z } from "zod";
import { SignedAggregate } from "./aggregate-agreement.ts";
import { AGGREGATE_ROUNDS } from "./aggregate.ts";
import type { Bytes } from "./bytes.ts";
import { ByteReader, ByteWriter } from "./codec.ts";
import { SluiceError } from "./errors.ts";
import { Name, Sha256Hex } from "./identifiers.ts";
import { MAX_SESSION_FRAME_BYTES } from "./limits.ts";
import { MAX_SIGNATURES } from "./signed.ts";

/** Bytes of all messages of a round, at most. */
export const MAX_AGGREGATE_ROUND_BYTES = 2 + 1 + MAX_SIGNATURES * (3 + MAX_SESSION_FRAME_BYTES);
/** Version of what hands them over. */
export const AGGREGATE_RELAY_VERSION = 1;

/** A round by the type of its messages. */
export const AggregateRoundName = z.enum(AGGREGATE_ROUNDS);

/** A domain that is there no more: the round of which it sent no message, `open` when it did not open the sum, and why. */
export const AggregateLoss = z.strictObject({
  domain: Name,
  round: z.enum([...AGGREGATE_ROUNDS, "open"]),
  /** Code of the error. */
  reason: z.string().max(100),
});
export type AggregateLoss = z.infer<typeof AggregateLoss>;

/** An aggregation at the relay. */
export const AggregateStanding = z.strictObject({
  aggregate: Sha256Hex,
  agreement: SignedAggregate,
  state: z.enum(["running", "completed", "aborted"]),
  /** Of which messages are waited for; absent at the end. */
  round: AggregateRoundName.optional(),
  lost: z.array(AggregateLoss),
  /** Code of the error that ended it. */
  reason: z.string().max(100).optional(),
});
/** `POST /v1/aggregates` and `GET /v1/aggregates/{aggregate}` of the gateway. */
export type AggregateStanding = z.infer<typeof AggregateStanding>;

// struct { uint16 version = 1; uint8 count; opaque message<0..2^24-1>[count]; } AggregateRoundMessages;
/** Bytes of the messages of a round. */
export function encodeAggregateRound(messages: readonly Bytes[]): Bytes {
  const writer = new ByteWriter().uint(AGGREGATE_RELAY_VERSION, 2).uint(messages.length, 1);
  for (const message of messages) writer.opaque(message, MAX_SESSION_FRAME_BYTES);
  return writer.finish();
}

/** @throws ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE */
export function decodeAggregateRound(bytes: Bytes): Bytes[] {
  const reader = new ByteReader(bytes);
  const version = reader.uint(2);
  if (version !== AGGREGATE_RELAY_VERSION) throw malformed("version", String(AGGREGATE_RELAY_VERSION));
  const count = reader.uint(1);
  if (count < 1 || count > MAX_SIGNATURES) throw malformed("count", `1 to ${MAX_SIGNATURES}`);
  const messages = Array.from({ length: count }, () => reader.opaque(MAX_SESSION_FRAME_BYTES).slice());
  reader.end();
  return messages;
}

function malformed(field: string, expected: string): SluiceError {
  return new SluiceError("ERR_FRAME_MALFORMED", { field, expected });
}

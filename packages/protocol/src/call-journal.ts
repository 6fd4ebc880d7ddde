/** Records of the journal of a call of many messages: what a caller keeps outside its process so that another one can go on with
 *  the call. Its secrets and what it was asked, once; each request that it signs; and before each message that goes out, what
 *  has come in since the one before. From these the caller's role is made again, and says the same. Secret: whoever
 *  stores them seals them. Whoever reads them can speak in the session, and the domain could find the list with them.
 *  @module */
import { z } from "zod";
import { fromHex, fromUtf8, toHex, type Bytes } from "./bytes.ts";
import { canonicalBytes } from "./canonical.ts";
import { ByteReader, ByteWriter } from "./codec.ts";
import { SluiceError } from "./errors.ts";
import { Operation } from "./grant.ts";
import { Random128, Sha256Hex } from "./identifiers.ts";
import { JoinSumParameters } from "./join-sum-product.ts";
import { MAX_SESSION_FRAME_BYTES, MAX_SESSION_FRAMES_IN_FLIGHT } from "./limits.ts";
import { SealKeyId } from "./seal.ts";

const HexBytes = z.string().regex(/^(?:[0-9a-f]{2})+$/);

/** A call, as it began. */
export const BegunCall = z.strictObject({
  version: z.literal(1),
  callId: Random128,
  use: z.strictObject({
    operation: Operation,
    domain: z.string(),
    grant: Sha256Hex,
    product: z.string(),
    version: z.int(),
    bundle: Sha256Hex,
    release: Sha256Hex,
    snapshot: Sha256Hex,
    sealKey: SealKeyId,
    amount: z.string(),
  }),
  items: z.int(),
  /** Tells lists apart. */
  list: Sha256Hex,
  /** What the product's form needs beside. */
  facts: z.strictObject({
    purpose: z.string(),
    setItems: z.int(),
    /** Of join-and-sum. */
    sum: z.strictObject({ epoch: z.int(), parameters: JoinSumParameters }).optional(),
  }),
  /** The caller's randomness follows from it. */
  seed: HexBytes,
  /** What `restoreQuery` takes. */
  query: HexBytes,
});
export type BegunCall = z.infer<typeof BegunCall>;

/** What a call keeps before it sends a message. */
export interface CameIn {
  /** Number of the message: none of this number, or of a lower one, is sent by another process. */
  readonly number: number;
  /** Frames of the caller that the domain has, so far. */
  readonly acknowledged: number;
  /** Frames of the domain, since the message before. */
  readonly received: readonly Bytes[];
}

/** One record: how the call began; a request that was signed; that the session is open; what came in before a message; that the
 *  call cannot be gone on with, and another one may begin. */
export type CallRecord =
  | { readonly kind: "begun"; readonly begun: BegunCall }
  | { readonly kind: "request"; readonly hash: Sha256Hex }
  | { readonly kind: "opened" }
  | ({ readonly kind: "message" } & CameIn)
  | { readonly kind: "over" };

const KINDS = { begun: 1, request: 2, opened: 3, message: 4, over: 5 } as const;

// struct { uint8 kind = 1; opaque json[]; } Begun;                    canonical JSON of a BegunCall
// struct { uint8 kind = 2; opaque request[32]; } Request;
// struct { uint8 kind = 3; } Opened;
// struct { uint8 kind = 4; uint32 number; uint32 acknowledged; uint8 count; opaque frame<1..2^20>[count]; } Message;
// struct { uint8 kind = 5; } Over;
/** Bytes of a record. @throws ERR_FRAME_TOO_LARGE */
export function encodeCallRecord(record: CallRecord): Bytes {
  const writer = new ByteWriter().uint(KINDS[record.kind], 1);
  if (record.kind === "begun") writer.fixed(canonicalBytes(record.begun));
  else if (record.kind === "request") writer.fixed(fromHex(record.hash));
  else if (record.kind === "message") {
    writer.uint(record.number, 4).uint(record.acknowledged, 4).uint(record.received.length, 1);
    for (const frame of record.received) writer.opaque(frame, MAX_SESSION_FRAME_BYTES);
  }
  return writer.finish();
}

/** A record. Frames share no memory with `bytes`. @throws ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE */
export function decodeCallRecord(bytes: Bytes): CallRecord {
  const reader = new ByteReader(bytes);
  const record = readRecord(reader.uint(1), reader);
  reader.end();
  return record;
}

function readRecord(kind: number, reader: ByteReader): CallRecord {
  switch (kind) {
    case KINDS.begun:
      return { kind: "begun", begun: readBegun(reader.fixed(reader.remaining)) };
    case KINDS.request:
      return { kind: "request", hash: toHex(reader.fixed(32)) };
    case KINDS.opened:
      return { kind: "opened" };
    case KINDS.message:
      return { kind: "message", ...readCameIn(reader) };
    case KINDS.over:
      return { kind: "over" };
    default:
      throw malformed("kind", "1 to 5");
  }
}

function readCameIn(reader: ByteReader): CameIn {
  const [number, acknowledged, count] = [reader.uint(4), reader.uint(4), reader.uint(1)];
  if (count > MAX_SESSION_FRAMES_IN_FLIGHT) throw malformed("count", `at most ${MAX_SESSION_FRAMES_IN_FLIGHT}`);
  const received = Array.from({ length: count }, () => reader.opaque(MAX_SESSION_FRAME_BYTES).slice());
  return { number, acknowledged, received };
}

function readBegun(json: Bytes): BegunCall {
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(json));
  } catch {
    throw malformed("begun", "JSON");
  }
  const begun = BegunCall.safeParse(value);
  if (begun.success) return begun.data;
  throw malformed("begun", `what fits its schema at /${begun.error.issues[0]?.path.join("/") ?? ""}`);
}

function malformed(field: string, expected: string): SluiceError {
  return new SluiceError("ERR_FRAME_MALFORMED", { field, expected });
}

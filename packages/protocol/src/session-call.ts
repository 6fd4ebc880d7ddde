/** A product call of many messages: opened by a signed call like every other one, gone on with by sealed messages that are bound
 *  to it and numbered, and ended by one receipt. Caller and domain alone read the content; the gateway learns sizes.
 *  @module */
import type { Bytes } from "./bytes.ts";
import { ByteReader, ByteWriter } from "./codec.ts";
import { SluiceError } from "./errors.ts";
import { MAX_ENVELOPE_JSON_BYTES, MAX_FRAME_BYTES } from "./limits.ts";
import { decodeAnswer, encodeAnswer, type AnswerEnvelope } from "./use.ts";

/** Version of these messages. */
export const SESSION_CALL_VERSION = 1;

/** What the sealed frame of the call that opens a session declares. Its units are spent before anything is computed. */
export type SessionOpening = {
  /** Hash of the snapshot that is asked, 32 bytes. */
  readonly snapshot: Bytes;
  /** Padded size of the list. */
  readonly items: number;
};

// struct { uint16 version; opaque snapshot[32]; uint32 items; } SessionOpening;
/** Bytes of an opening. */
export function encodeSessionOpening({ snapshot, items }: SessionOpening): Bytes {
  if (snapshot.length !== 32) throw malformed("snapshot", "32 bytes");
  return head().fixed(snapshot).uint(items, 4).finish();
}

/** @throws ERR_FRAME_MALFORMED */
export function decodeSessionOpening(bytes: Bytes): SessionOpening {
  const reader = readHead(bytes);
  const opening = { snapshot: reader.fixed(32), items: reader.uint(4) };
  reader.end();
  return opening;
}

/** A message of the caller: `sealed` holds a SessionPacket. */
export type SessionMessage = {
  /** 0, 1, 2, …: a retry has the number and the bytes of the message that it repeats. */
  readonly number: number;
  readonly sealed: Bytes;
};

// struct { uint16 version; uint32 number; opaque sealed<0..2^24-1>; } SessionMessage;
/** Bytes of a message. @throws ERR_FRAME_TOO_LARGE */
export function encodeSessionMessage({ number, sealed }: SessionMessage): Bytes {
  return head().uint(number, 4).opaque(sealed, MAX_FRAME_BYTES).finish();
}

/** @throws ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE */
export function decodeSessionMessage(bytes: Bytes): SessionMessage {
  const reader = readHead(bytes);
  const message = { number: reader.uint(4), sealed: reader.opaque(MAX_FRAME_BYTES) };
  reader.end();
  return message;
}

/** What answers an opening, with nothing sealed, or a message. The receipt comes when the domain's role has ended, with the
 *  first answer after that; its frame is a sealed SessionSummary. */
export type SessionReply = { readonly sealed: Bytes; readonly answer: AnswerEnvelope | null };

/** Largest encoded answer envelope around a summary. */
const MAX_RECEIPT_BYTES = MAX_ENVELOPE_JSON_BYTES + 4_096;
/** Largest reply. */
export const MAX_SESSION_REPLY_BYTES = 2 + 3 + MAX_FRAME_BYTES + 3 + MAX_RECEIPT_BYTES;

// struct { uint16 version; opaque sealed<0..2^24-1>; opaque answer<0..69631>; } SessionReply;
/** Bytes of a reply; `answer` is an AnswerEnvelope, or empty. @throws ERR_FRAME_TOO_LARGE */
export function encodeSessionReply({ sealed, answer }: SessionReply): Bytes {
  const receipt = answer === null ? new Uint8Array() : encodeAnswer(answer);
  return head().opaque(sealed, MAX_FRAME_BYTES).opaque(receipt, MAX_RECEIPT_BYTES).finish();
}

/** @throws ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE */
export function decodeSessionReply(bytes: Bytes): SessionReply {
  const reader = readHead(bytes);
  const sealed = reader.opaque(MAX_FRAME_BYTES);
  const receipt = reader.opaque(MAX_RECEIPT_BYTES);
  reader.end();
  return { sealed, answer: receipt.length === 0 ? null : decodeAnswer(receipt) };
}

/** What a session was, as its receipt's frame says: both sides have counted the same. */
export type SessionSummary = {
  /** Padded size of the list, as it was opened. */
  readonly items: number;
  /** Bytes of the caller's frames, and of the domain's. */
  readonly callerBytes: number;
  readonly domainBytes: number;
  /** Over every frame of both sides, 32 bytes. */
  readonly digest: Bytes;
};

// struct { uint16 version; uint32 items; uint64 callerBytes; uint64 domainBytes; opaque digest[32]; } SessionSummary;
/** Bytes of a summary. */
export function encodeSessionSummary({ items, callerBytes, domainBytes, digest }: SessionSummary): Bytes {
  if (digest.length !== 32) throw malformed("digest", "32 bytes");
  const writer = head().uint(items, 4);
  for (const count of [callerBytes, domainBytes]) writer.uint(Math.floor(count / 2 ** 32), 4).uint(count % 2 ** 32, 4);
  return writer.fixed(digest).finish();
}

/** @throws ERR_FRAME_MALFORMED */
export function decodeSessionSummary(bytes: Bytes): SessionSummary {
  const reader = readHead(bytes);
  const items = reader.uint(4);
  const [callerBytes, domainBytes] = [readCount(reader), readCount(reader)];
  const digest = reader.fixed(32);
  reader.end();
  return { items, callerBytes, domainBytes, digest };
}

function readCount(reader: ByteReader): number {
  const count = reader.uint(4) * 2 ** 32 + reader.uint(4);
  if (!Number.isSafeInteger(count)) throw malformed("bytes", "below 2^53");
  return count;
}

function head(): ByteWriter {
  return new ByteWriter().uint(SESSION_CALL_VERSION, 2);
}

function readHead(bytes: Bytes): ByteReader {
  const reader = new ByteReader(bytes);
  if (reader.uint(2) !== SESSION_CALL_VERSION) throw malformed("version", String(SESSION_CALL_VERSION));
  return reader;
}

function malformed(field: string, expected: string): SluiceError {
  return new SluiceError("ERR_FRAME_MALFORMED", { field, expected });
}

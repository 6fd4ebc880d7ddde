/** Messages of private lookup (匿踪查询): OPRF evaluation and keyword-PIR query. Both name the snapshot that the caller holds, so
 *  that a caller of an old one is told before anything is spent. The domain learns that this caller asked this product; not the
 *  key, not hit or miss.
 *  @module */
import type { Bytes } from "./bytes.ts";
import { ByteReader, ByteWriter } from "./codec.ts";
import { SluiceError } from "./errors.ts";
import { MAX_OPRF_ELEMENTS } from "./limits.ts";
import { bytesOfWords, wordsOfBytes } from "./words.ts";

/** Version of the lookup frames. */
export const LOOKUP_VERSION = 2;
/** Bytes of a ristretto255 element. */
export const ELEMENT_BYTES = 32;
/** Bytes of a DLEQ proof: challenge and response scalars (RFC 9497 §2.2.1). */
export const PROOF_BYTES = 64;
/** Most tables of a snapshot: base and delta. */
export const MAX_LOOKUP_PARTS = 2;
const HASH_BYTES = 32;

/** Snapshot that a request for an evaluation or a query names; what comes after it is not read. @throws ERR_FRAME_MALFORMED */
export function namedSnapshot(bytes: Bytes): Bytes {
  return openFrame(bytes).fixed(HASH_BYTES);
}

/** Blinded elements of one evaluation, under the key that a snapshot names. */
export type EvaluateRequest = {
  /** Hash of the snapshot. */
  snapshot: Bytes;
  elements: Bytes[];
};

// struct { uint16 version; opaque snapshot[32]; uint16 count; opaque element[32] × count; } EvaluateRequest;
/** Bytes of an evaluation request. @throws ERR_FRAME_MALFORMED when the count is not 1 to MAX_OPRF_ELEMENTS. */
export function encodeEvaluateRequest({ snapshot, elements }: EvaluateRequest): Bytes {
  return writeElements(writeSnapshot(snapshot), elements).finish();
}

/** @throws ERR_FRAME_MALFORMED */
export function decodeEvaluateRequest(bytes: Bytes): EvaluateRequest {
  const reader = openFrame(bytes);
  const snapshot = reader.fixed(HASH_BYTES);
  const elements = readElements(reader);
  reader.end();
  return { snapshot, elements };
}

/** Evaluated elements with one proof for the batch. */
export type EvaluateResponse = { elements: Bytes[]; proof: Bytes };

// struct { uint16 version; uint16 count; opaque element[32] × count; opaque proof[64]; } EvaluateResponse;
/** Bytes of an evaluation response. */
export function encodeEvaluateResponse(response: EvaluateResponse): Bytes {
  return writeElements(new ByteWriter().uint(LOOKUP_VERSION, 2), response.elements).fixed(response.proof).finish();
}

/** @throws ERR_FRAME_MALFORMED */
export function decodeEvaluateResponse(bytes: Bytes): EvaluateResponse {
  const reader = openFrame(bytes);
  const elements = readElements(reader);
  const proof = reader.fixed(PROOF_BYTES);
  reader.end();
  return { elements, proof };
}

/** One LWE ciphertext of a row selection for each table of the snapshot, in the order of `lookupTables`. */
export type PirQuery = { snapshot: Bytes; parts: Uint32Array[] };

// struct { uint32 count; uint32 words[count] (little-endian); } LookupPart;
// struct { uint16 version; opaque snapshot[32]; uint8 count; LookupPart parts[count]; } PirQuery;
/** Bytes of a query. @throws ERR_FRAME_MALFORMED when it has not one part or two */
export function encodePirQuery({ snapshot, parts }: PirQuery): Bytes {
  return writeParts(writeSnapshot(snapshot), parts).finish();
}

/** @throws ERR_FRAME_MALFORMED */
export function decodePirQuery(bytes: Bytes): PirQuery {
  const reader = openFrame(bytes);
  return { snapshot: reader.fixed(HASH_BYTES), parts: readParts(reader) };
}

/** The length of each part of a well-formed query, in words. They are not read, so that a query of any length costs as little
 *  as the next. @throws as `decodePirQuery` does */
export function measurePirQuery(bytes: Bytes): { readonly snapshot: Bytes; readonly words: number[] } {
  const reader = openFrame(bytes);
  return { snapshot: reader.fixed(HASH_BYTES), words: readEachPart(reader).map(({ length }) => length / 4) };
}

// struct { uint16 version; uint8 count; LookupPart parts[count]; } PirAnswer;
/** Bytes of an answer: for each part of the query one word for each column. @throws as `encodePirQuery` does */
export function encodePirAnswer(parts: Uint32Array[]): Bytes {
  return writeParts(new ByteWriter().uint(LOOKUP_VERSION, 2), parts).finish();
}

/** @throws ERR_FRAME_MALFORMED */
export function decodePirAnswer(bytes: Bytes): Uint32Array[] {
  return readParts(openFrame(bytes));
}

function openFrame(bytes: Bytes): ByteReader {
  const reader = new ByteReader(bytes);
  if (reader.uint(2) !== LOOKUP_VERSION) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "version", expected: String(LOOKUP_VERSION) });
  }
  return reader;
}

function writeSnapshot(snapshot: Bytes): ByteWriter {
  if (snapshot.length !== HASH_BYTES) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "snapshot", expected: `${HASH_BYTES} bytes` });
  }
  return new ByteWriter().uint(LOOKUP_VERSION, 2).fixed(snapshot);
}

function writeElements(writer: ByteWriter, elements: readonly Bytes[]): ByteWriter {
  if (elements.length < 1 || elements.length > MAX_OPRF_ELEMENTS || elements.some((e) => e.length !== ELEMENT_BYTES)) {
    throw new SluiceError("ERR_FRAME_MALFORMED", {
      field: "elements",
      expected: `1 to ${MAX_OPRF_ELEMENTS} of ${ELEMENT_BYTES} bytes`,
    });
  }
  writer.uint(elements.length, 2);
  for (const element of elements) writer.fixed(element);
  return writer;
}

function readElements(reader: ByteReader): Bytes[] {
  const count = reader.uint(2);
  if (count < 1 || count > MAX_OPRF_ELEMENTS) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "count", expected: `1 to ${MAX_OPRF_ELEMENTS}` });
  }
  return Array.from({ length: count }, () => reader.fixed(ELEMENT_BYTES));
}

function writeParts(writer: ByteWriter, parts: readonly Uint32Array[]): ByteWriter {
  checkParts(parts.length);
  writer.uint(parts.length, 1);
  for (const words of parts) writer.uint(words.length, 4).fixed(bytesOfWords(words));
  return writer;
}

function readParts(reader: ByteReader): Uint32Array[] {
  return readEachPart(reader).map(wordsOfBytes);
}

/** The bytes of each part, in place. */
function readEachPart(reader: ByteReader): Bytes[] {
  const count = reader.uint(1);
  checkParts(count);
  const parts = Array.from({ length: count }, () => reader.fixed(reader.uint(4) * 4));
  reader.end();
  return parts;
}

function checkParts(count: number): void {
  if (count >= 1 && count <= MAX_LOOKUP_PARTS) return;
  throw new SluiceError("ERR_FRAME_MALFORMED", { field: "parts", expected: `1 to ${MAX_LOOKUP_PARTS}` });
}

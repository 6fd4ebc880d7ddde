/** Messages of private lookup (匿踪查询): OPRF evaluation, keyword-PIR query, and the signed snapshot that
 *  pins every parameter. The domain learns that this caller asked this product; not the key, not hit or miss.
 *  @module */
import { z } from "zod";
import type { Bytes } from "./bytes.ts";
import { ByteReader, ByteWriter } from "./codec.ts";
import { SluiceError } from "./errors.ts";
import { Sha256Hex } from "./identifiers.ts";
import { MAX_OPRF_ELEMENTS } from "./limits.ts";
import { servedMembers } from "./served.ts";
import { signedSchema } from "./signed.ts";

/** Version of the lookup frames. */
export const LOOKUP_VERSION = 1;
/** Bytes of a ristretto255 element. */
export const ELEMENT_BYTES = 32;
/** Bytes of a DLEQ proof: challenge and response scalars (RFC 9497 §2.2.1). */
export const PROOF_BYTES = 64;

/** Parameters of one index: enough for a client to query it, nothing about its rows but their padded number. */
export const LookupParameters = z.strictObject({
  /** LWE dimension. */
  lweDimension: z.literal(1024),
  /** Standard deviation of the discrete Gaussian error. */
  errorDeviation: z.number(),
  /** Columns of the database: one filter per bucket, side by side. */
  buckets: z.int().min(1).max(4_096),
  /** Rows of the database: filter slots per bucket. */
  rowsPerBucket: z.int().min(1).max(16_777_216),
  /** Segment length of the binary fuse filters, a power of two. */
  segmentLength: z.int().min(1).max(1_048_576),
  /** Bytes of one encrypted record. */
  recordBytes: z.int().min(16).max(4_096),
  /** Public seed of the LWE matrix, hexadecimal. */
  matrixSeed: Sha256Hex,
  /** Public seed of the filter positions, hexadecimal. */
  filterSeed: Sha256Hex,
});
export type LookupParameters = z.infer<typeof LookupParameters>;

/** The snapshot a product serves. Signed by the domain's receipt key; its hash is in every receipt. */
export const LookupSnapshot = z.strictObject({
  type: z.literal("lookup-snapshot"),
  ...servedMembers,
  parameters: LookupParameters,
  /** OPRF public key of this product and epoch, hexadecimal. */
  oprfPublicKey: Sha256Hex,
  epoch: z.int().min(1),
  /** Hash of the hint bytes. */
  hint: Sha256Hex,
  hintBytes: z.int().positive(),
  /** Closed list of labels a record can hold. */
  vocabulary: z.array(z.string()).min(2).max(64),
});
export type LookupSnapshot = z.infer<typeof LookupSnapshot>;
export const SignedLookupSnapshot = signedSchema(LookupSnapshot);
export type SignedLookupSnapshot = z.infer<typeof SignedLookupSnapshot>;

/** Blinded elements of one evaluation. */
export type EvaluateRequest = { elements: Bytes[] };

// struct { uint16 version; uint16 count; opaque element[32] × count; } EvaluateRequest;
/** Bytes of an evaluation request. @throws ERR_FRAME_MALFORMED when the count is not 1 to MAX_OPRF_ELEMENTS. */
export function encodeEvaluateRequest(request: EvaluateRequest): Bytes {
  return writeElements(request.elements).finish();
}

/** @throws ERR_FRAME_MALFORMED */
export function decodeEvaluateRequest(bytes: Bytes): EvaluateRequest {
  const reader = new ByteReader(bytes);
  const elements = readElements(reader);
  reader.end();
  return { elements };
}

/** Evaluated elements with one proof for the batch. */
export type EvaluateResponse = { elements: Bytes[]; proof: Bytes };

// struct { uint16 version; uint16 count; opaque element[32] × count; opaque proof[64]; } EvaluateResponse;
/** Bytes of an evaluation response. */
export function encodeEvaluateResponse(response: EvaluateResponse): Bytes {
  return writeElements(response.elements).fixed(response.proof).finish();
}

/** @throws ERR_FRAME_MALFORMED */
export function decodeEvaluateResponse(bytes: Bytes): EvaluateResponse {
  const reader = new ByteReader(bytes);
  const elements = readElements(reader);
  const proof = reader.fixed(PROOF_BYTES);
  reader.end();
  return { elements, proof };
}

/** LWE ciphertext of one row selection, against one snapshot. */
export type PirQuery = { snapshot: Bytes; query: Uint32Array };

// struct { uint16 version; opaque snapshot[32]; uint32 query[rowsPerBucket] (little-endian); } PirQuery;
/** Bytes of a query. */
export function encodePirQuery(query: PirQuery): Bytes {
  return new ByteWriter().uint(LOOKUP_VERSION, 2).fixed(query.snapshot).fixed(wordsToBytes(query.query)).finish();
}

/** @throws ERR_FRAME_MALFORMED */
export function decodePirQuery(bytes: Bytes): PirQuery {
  const reader = new ByteReader(bytes);
  readVersion(reader);
  return { snapshot: reader.fixed(32), query: bytesToWords(reader) };
}

// struct { uint16 version; uint32 answer[buckets × recordBytes] (little-endian); } PirAnswer;
/** Bytes of an answer. */
export function encodePirAnswer(answer: Uint32Array): Bytes {
  return new ByteWriter().uint(LOOKUP_VERSION, 2).fixed(wordsToBytes(answer)).finish();
}

/** @throws ERR_FRAME_MALFORMED */
export function decodePirAnswer(bytes: Bytes): Uint32Array {
  const reader = new ByteReader(bytes);
  readVersion(reader);
  return bytesToWords(reader);
}

/** Bytes of the payload of one record: a label and padding, so that records of all forms have one size. */
export const LABEL_RECORD_BYTES = 16;

// struct { uint8 label; opaque pad[15]; } LabelRecord;
/** Payload of a record whose label is `vocabulary[label]` of the snapshot. @throws ERR_FRAME_MALFORMED above 255. */
export function encodeLabelRecord(label: number): Bytes {
  return new ByteWriter()
    .uint(label, 1)
    .fixed(new Uint8Array(LABEL_RECORD_BYTES - 1))
    .finish();
}

/** Label code of a record payload. @throws ERR_FRAME_MALFORMED when it is not 16 bytes or its padding is not zero. */
export function decodeLabelRecord(bytes: Bytes): number {
  const reader = new ByteReader(bytes);
  const label = reader.uint(1);
  const pad = reader.fixed(LABEL_RECORD_BYTES - 1);
  reader.end();
  if (pad.some((byte) => byte !== 0)) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "pad", expected: "zero bytes" });
  }
  return label;
}

function writeElements(elements: Bytes[]): ByteWriter {
  if (elements.length < 1 || elements.length > MAX_OPRF_ELEMENTS || elements.some((e) => e.length !== ELEMENT_BYTES)) {
    throw new SluiceError("ERR_FRAME_MALFORMED", {
      field: "elements",
      expected: `1 to ${MAX_OPRF_ELEMENTS} of ${ELEMENT_BYTES} bytes`,
    });
  }
  const writer = new ByteWriter().uint(LOOKUP_VERSION, 2).uint(elements.length, 2);
  for (const element of elements) writer.fixed(element);
  return writer;
}

function readElements(reader: ByteReader): Bytes[] {
  readVersion(reader);
  const count = reader.uint(2);
  if (count < 1 || count > MAX_OPRF_ELEMENTS) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "count", expected: `1 to ${MAX_OPRF_ELEMENTS}` });
  }
  return Array.from({ length: count }, () => reader.fixed(ELEMENT_BYTES));
}

function readVersion(reader: ByteReader): void {
  if (reader.uint(2) !== LOOKUP_VERSION) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "version", expected: String(LOOKUP_VERSION) });
  }
}

function wordsToBytes(words: Uint32Array): Bytes {
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [i, word] of words.entries()) view.setUint32(i * 4, word, true);
  return bytes;
}

function bytesToWords(reader: ByteReader): Uint32Array {
  if (reader.remaining % 4 !== 0) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "words", expected: "a multiple of 4 bytes" });
  }
  const bytes = reader.fixed(reader.remaining);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint32Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(i * 4, true));
}

/** One use of a grant: the request that its party signs, end to end, so that no process between can
 *  invent or alter it; and the envelopes that carry it and its answer.
 *  @module */
import { z } from "zod";
import { fromUtf8, utf8, type Bytes } from "./bytes.ts";
import { canonicalText } from "./canonical.ts";
import { ByteReader, ByteWriter } from "./codec.ts";
import { SluiceError } from "./errors.ts";
import { Operation } from "./grant.ts";
import { Instant, Name, Random128, Sha256Hex } from "./identifiers.ts";
import { MAX_ENVELOPE_JSON_BYTES, MAX_FRAME_BYTES } from "./limits.ts";
import { ParamValues } from "./params.ts";
import { EvidencedReceipt } from "./receipt.ts";
import { signedSchema } from "./signed.ts";

/** Body of a use request. Signed by the caller, the developer (`develop`) or the operator (`build`). */
export const UseRequest = z.strictObject({
  type: z.literal("request"),
  operation: Operation,
  domain: Name,
  /** Hash of the grant's body. */
  grant: Sha256Hex,
  product: Name,
  version: z.int().min(1).max(1_000_000),
  /** Hash of the bundle that the product was built from, or that is submitted. */
  bundle: Sha256Hex,
  /** Hash of the frame or bundle bytes that follow. */
  bodyDigest: Sha256Hex,
  /** Params of a submitted job; those that are left out have their defaults. A build has those of its release. */
  params: ParamValues.optional(),
  /** A retry keeps the call id and the frame, and is signed anew; it is charged once and gets the first answer. */
  callId: Random128,
  /** Fresh for every signature: bytes seen before are a replay. */
  nonce: Random128,
  issuedAt: Instant,
  expiresAt: Instant,
});
export type UseRequest = z.infer<typeof UseRequest>;
export const SignedRequest = signedSchema(UseRequest);
export type SignedRequest = z.infer<typeof SignedRequest>;

/** Version of both envelopes. */
export const ENVELOPE_VERSION = 1;

/** A signed request with the frame whose digest it names. */
export type CallEnvelope = { request: SignedRequest; frame: Bytes };

// struct { uint16 version; opaque request<0..2^16-1>; opaque frame<0..2^24-1>; } CallEnvelope;
/** Bytes of a call. */
export function encodeCall(call: CallEnvelope): Bytes {
  return encodeEnvelope(call.request, call.frame);
}

/** @throws ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE */
export function decodeCall(bytes: Bytes): CallEnvelope {
  const { document, frame } = decodeEnvelope(bytes);
  const request = SignedRequest.safeParse(document);
  if (!request.success)
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "request", expected: "a signed request" });
  return { request: request.data, frame };
}

/** An answer with the receipt over it. */
export type AnswerEnvelope = { receipt: EvidencedReceipt; frame: Bytes };

// struct { uint16 version; opaque receipt<0..2^16-1>; opaque frame<0..2^24-1>; } AnswerEnvelope;
/** Bytes of an answer. */
export function encodeAnswer(answer: AnswerEnvelope): Bytes {
  return encodeEnvelope(answer.receipt, answer.frame);
}

/** @throws ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE */
export function decodeAnswer(bytes: Bytes): AnswerEnvelope {
  const { document, frame } = decodeEnvelope(bytes);
  const receipt = EvidencedReceipt.safeParse(document);
  if (!receipt.success)
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "receipt", expected: "an evidenced receipt" });
  return { receipt: receipt.data, frame };
}

function encodeEnvelope(document: unknown, frame: Bytes): Bytes {
  return new ByteWriter()
    .uint(ENVELOPE_VERSION, 2)
    .opaque(utf8(canonicalText(document)), MAX_ENVELOPE_JSON_BYTES)
    .opaque(frame, MAX_FRAME_BYTES)
    .finish();
}

function decodeEnvelope(bytes: Bytes): { document: unknown; frame: Bytes } {
  const reader = new ByteReader(bytes);
  if (reader.uint(2) !== ENVELOPE_VERSION) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "version", expected: String(ENVELOPE_VERSION) });
  }
  const json = reader.opaque(MAX_ENVELOPE_JSON_BYTES);
  const frame = reader.opaque(MAX_FRAME_BYTES);
  reader.end();
  try {
    return { document: JSON.parse(fromUtf8(json)) as unknown, frame };
  } catch (cause) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "document", expected: "UTF-8 JSON" }, { cause });
  }
}

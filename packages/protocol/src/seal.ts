/** Sealed bodies: queries and answers of production calls are readable by caller and domain alone, so that a gateway
 *  can neither read nor alter them. Query: HPKE base mode (RFC 9180) with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and
 *  AES-256-GCM. Answer: the response encapsulation of RFC 9458 §4.4, with the label `sluice/answer/v1`.
 *  @module */
import { z } from "zod";
import type { Bytes } from "./bytes.ts";
import { canonicalBytes } from "./canonical.ts";
import { ByteReader, ByteWriter } from "./codec.ts";
import { SluiceError } from "./errors.ts";
import { MAX_FRAME_BYTES } from "./limits.ts";
import type { UseRequest } from "./use.ts";

/** `x25519:` and the raw 32-byte public key as unpadded base64url: the domain's key that queries are sealed to. */
export const SealKeyId = z.string().regex(/^x25519:[A-Za-z0-9_-]{43}$/);
export type SealKeyId = z.infer<typeof SealKeyId>;

/** Version of both sealed structs. */
export const SEAL_VERSION = 1;
/** Bytes of an encapsulated key. */
export const ENCAPSULATED_KEY_BYTES = 32;
/** Bytes of the nonce of an answer: the larger of AEAD key and nonce, as RFC 9458 has it. */
export const ANSWER_NONCE_BYTES = 32;
/** Bytes of the AEAD's tag. */
export const SEAL_TAG_BYTES = 16;
/** Largest frame that can be sealed into one frame. */
export const MAX_SEALED_CONTENT_BYTES = MAX_FRAME_BYTES - 2 - ENCAPSULATED_KEY_BYTES - SEAL_TAG_BYTES;

/** A sealed query. */
export type SealedQuery = { encapsulatedKey: Bytes; ciphertext: Bytes };

// struct { uint16 version; opaque encapsulatedKey[32]; opaque ciphertext[]; } SealedQuery;
/** Bytes of a sealed query. */
export function encodeSealedQuery({ encapsulatedKey, ciphertext }: SealedQuery): Bytes {
  return new ByteWriter().uint(SEAL_VERSION, 2).fixed(encapsulatedKey).fixed(ciphertext).finish();
}

/** @throws ERR_FRAME_MALFORMED */
export function decodeSealedQuery(bytes: Bytes): SealedQuery {
  const reader = readVersion(bytes);
  return { encapsulatedKey: reader.fixed(ENCAPSULATED_KEY_BYTES), ciphertext: reader.fixed(reader.remaining) };
}

/** A sealed answer. */
export type SealedAnswer = { nonce: Bytes; ciphertext: Bytes };

// struct { uint16 version; opaque nonce[32]; opaque ciphertext[]; } SealedAnswer;
/** Bytes of a sealed answer. */
export function encodeSealedAnswer({ nonce, ciphertext }: SealedAnswer): Bytes {
  return new ByteWriter().uint(SEAL_VERSION, 2).fixed(nonce).fixed(ciphertext).finish();
}

/** @throws ERR_FRAME_MALFORMED */
export function decodeSealedAnswer(bytes: Bytes): SealedAnswer {
  const reader = readVersion(bytes);
  return { nonce: reader.fixed(ANSWER_NONCE_BYTES), ciphertext: reader.fixed(reader.remaining) };
}

/** What a sealed query is bound to: everything of the request that a retry repeats, but the digest of the sealed
 *  frame itself. A frame moved to another call does not open. */
export function sealingContext(request: SealedUse): Bytes {
  const { operation, domain, grant, product, version, bundle, callId } = request;
  return canonicalBytes({ operation, domain, grant, product, version, bundle, callId });
}

/** The members of a request that its sealed frame is bound to. */
export type SealedUse = Pick<
  UseRequest,
  "operation" | "domain" | "grant" | "product" | "version" | "bundle" | "callId"
>;

function readVersion(bytes: Bytes): ByteReader {
  const reader = new ByteReader(bytes);
  if (reader.uint(2) !== SEAL_VERSION) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "version", expected: String(SEAL_VERSION) });
  }
  return reader;
}

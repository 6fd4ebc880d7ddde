/** Hashing of RFC 9497 for suite ristretto255-SHA512 on the server: domain separation, hash to group and scalar.
 *  @see https://www.rfc-editor.org/rfc/rfc9497 §4.1, https://www.rfc-editor.org/rfc/rfc9380 §5.3.1
 *  @module */
import { concatBytes, SluiceError, utf8, type Bytes } from "@sluice/protocol";
import sodium from "libsodium-wrappers-sumo";
import { hash } from "node:crypto";
import { MAX_OPRF_INPUT_BYTES, type OprfMode } from "./client.ts";

const MODE_BYTES = { oprf: 0x00, voprf: 0x01 } as const satisfies Record<OprfMode, number>;
/** Input block of SHA-512 (RFC 9380 names it s_in_bytes). */
const SHA512_BLOCK_BYTES = 128;
const UNIFORM_BYTES = 64;

/** SHA-512. */
export function sha512(bytes: Bytes): Bytes {
  return hash("sha512", bytes, "buffer");
}

/** `"OPRFV1-" ‖ I2OSP(mode, 1) ‖ "-ristretto255-SHA512"` (RFC 9497 §3.1). */
export function contextString(mode: OprfMode): Bytes {
  return concatBytes(utf8("OPRFV1-"), Uint8Array.of(MODE_BYTES[mode]), utf8("-ristretto255-SHA512"));
}

/** `I2OSP(len(bytes), 2) ‖ bytes`. */
export function prefixed(bytes: Bytes): Bytes {
  return concatBytes(Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes);
}

/** expand_message_xmd with SHA-512 to 64 bytes: one block suffices (RFC 9380 §5.3.1). */
function expandMessage(message: Bytes, separation: Bytes): Bytes {
  const suffix = concatBytes(separation, Uint8Array.of(separation.length));
  const first = sha512(
    concatBytes(new Uint8Array(SHA512_BLOCK_BYTES), message, Uint8Array.of(0, UNIFORM_BYTES, 0), suffix),
  );
  return sha512(concatBytes(first, Uint8Array.of(1), suffix));
}

/** The group element of `input`. @throws ERR_OPRF_INPUT when the input is not 1 to 65535 bytes. */
export function hashToGroup(input: Bytes, context: Bytes): Bytes {
  if (input.length < 1 || input.length > MAX_OPRF_INPUT_BYTES) {
    throw new SluiceError("ERR_OPRF_INPUT", { reason: "its length is outside the limits" });
  }
  return sodium.crypto_core_ristretto255_from_hash(expandMessage(input, concatBytes(utf8("HashToGroup-"), context)));
}

/** The scalar of `message` under `label ‖ context`. */
export function hashToScalar(message: Bytes, label: string, context: Bytes): Bytes {
  return sodium.crypto_core_ristretto255_scalar_reduce(expandMessage(message, concatBytes(utf8(label), context)));
}

/** The output of one evaluation: `Hash(len ‖ input ‖ len ‖ element ‖ "Finalize")` (RFC 9497 §3.3.1). */
export function finalizeHash(input: Bytes, unblindedElement: Bytes): Bytes {
  return sha512(concatBytes(prefixed(input), prefixed(unblindedElement), utf8("Finalize")));
}

/** Whether `element` is the canonical encoding of an element other than the identity (RFC 9497 §3.3). */
export function isElement(element: Bytes): boolean {
  return (
    element.length === sodium.crypto_core_ristretto255_BYTES &&
    element.some((byte) => byte !== 0) &&
    sodium.crypto_core_ristretto255_is_valid_point(element)
  );
}

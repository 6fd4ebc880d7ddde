/** Hashing of RFC 9497 for suite ristretto255-SHA512, in bulk, for both roles: domain separation, hash to group and scalar.
 *  SHA-512 is libsodium's, which is as fast as Node's and is in browsers too. Await `sodium.ready` first.
 *  @see https://www.rfc-editor.org/rfc/rfc9497 §4.1, https://www.rfc-editor.org/rfc/rfc9380 §5.3.1
 *  @module */
import { concatBytes, SluiceError, utf8, type Bytes } from "@sluice/protocol";
import sodium from "libsodium-wrappers-sumo";
import { MAX_OPRF_INPUT_BYTES, type OprfMode } from "./client.ts";

const MODE_BYTES = { oprf: 0x00, voprf: 0x01 } as const satisfies Record<OprfMode, number>;
/** Input block of SHA-512 (RFC 9380 names it s_in_bytes). */
const SHA512_BLOCK_BYTES = 128;
const UNIFORM_BYTES = 64;

/** SHA-512. */
export function sha512(bytes: Bytes): Bytes {
  return sodium.crypto_hash_sha512(bytes);
}

/** `"OPRFV1-" ‖ I2OSP(mode, 1) ‖ "-ristretto255-SHA512"` (RFC 9497 §3.1). */
export function contextString(mode: OprfMode): Bytes {
  return concatBytes(utf8("OPRFV1-"), Uint8Array.of(MODE_BYTES[mode]), utf8("-ristretto255-SHA512"));
}

/** `I2OSP(len(bytes), 2) ‖ bytes`. */
export function prefixed(bytes: Bytes): Bytes {
  return concatBytes(Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes);
}

/** Hashes messages of one length under one label: expand_message_xmd with SHA-512 to 64 bytes, for which one block suffices
 *  (RFC 9380 §5.3.1). The bytes around the message are laid out once; `uniform` is written over by the next message. */
class Expander {
  readonly #first: Bytes;
  readonly #second: Bytes;

  constructor(messageBytes: number, label: string, context: Bytes) {
    const separation = concatBytes(utf8(label), context);
    const suffix = concatBytes(separation, Uint8Array.of(separation.length));
    const length = Uint8Array.of(0, UNIFORM_BYTES, 0);
    this.#first = concatBytes(new Uint8Array(SHA512_BLOCK_BYTES + messageBytes), length, suffix);
    this.#second = concatBytes(new Uint8Array(UNIFORM_BYTES), Uint8Array.of(1), suffix);
  }

  uniform(message: Bytes): Bytes {
    this.#first.set(message, SHA512_BLOCK_BYTES);
    this.#second.set(sha512(this.#first));
    return sha512(this.#second);
  }

  /** Zeroes what is left of the last message. */
  wipe(): void {
    this.#first.fill(0);
    this.#second.fill(0);
  }
}

/** HashToScalar for many messages of one length. */
export class ScalarHash {
  readonly #expander: Expander;

  constructor(messageBytes: number, label: string, context: Bytes) {
    this.#expander = new Expander(messageBytes, label, context);
  }

  /** The scalar of `message`, which has the length that was named. */
  scalar(message: Bytes): Bytes {
    return sodium.crypto_core_ristretto255_scalar_reduce(this.#expander.uniform(message));
  }

  /** Zeroes what is left of the last message. */
  wipe(): void {
    this.#expander.wipe();
  }
}

/** The group element of `input`. @throws ERR_OPRF_INPUT when the input is not 1 to 65535 bytes. */
export function hashToGroup(input: Bytes, context: Bytes): Bytes {
  if (input.length < 1 || input.length > MAX_OPRF_INPUT_BYTES) {
    throw new SluiceError("ERR_OPRF_INPUT", { reason: "its length is outside the limits" });
  }
  const expander = new Expander(input.length, "HashToGroup-", context);
  const element = sodium.crypto_core_ristretto255_from_hash(expander.uniform(input));
  expander.wipe();
  return element;
}

/** The scalar of `message` under `label ‖ context`. */
export function hashToScalar(message: Bytes, label: string, context: Bytes): Bytes {
  const hash = new ScalarHash(message.length, label, context);
  const scalar = hash.scalar(message);
  hash.wipe();
  return scalar;
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

/** Hashing of RFC 9497 for suite ristretto255-SHA512, in bulk, for both roles: domain separation, hash to group and scalar.
 *  SHA-512 is the kernel's, which takes a microsecond for a short message; libsodium's, and of long messages. Await `sodium.ready` first.
 *  @see https://www.rfc-editor.org/rfc/rfc9497 §4.1, https://www.rfc-editor.org/rfc/rfc9380 §5.3.1
 *  @module */
import { concatBytes, SluiceError, utf8, type Bytes } from "@sluice/protocol";
import sodium from "libsodium-wrappers-sumo";
import type { OprfKernel } from "../kernel/oprf-kernel.ts";
import { MAX_OPRF_INPUT_BYTES, type OprfMode } from "./client.ts";
import { FREE, openGroupKernel, ROUNDS, SHA_WORK, STATES, wipeKernel } from "./group-kernel.ts";

const MODE_BYTES = { oprf: 0x00, voprf: 0x01 } as const satisfies Record<OprfMode, number>;
/** Input block of SHA-512 (RFC 9380 names it s_in_bytes). */
const SHA512_BLOCK_BYTES = 128;
const UNIFORM_BYTES = 64;
const FINALIZE = utf8("Finalize");
/** Of what follows an input. */
const FINALIZE_BYTES = 2 + 32 + FINALIZE.length;

/** Where the kernel hashes: longer messages are libsodium's. */
const OUT = FREE;
const MESSAGE = OUT + UNIFORM_BYTES;
const MESSAGE_BYTES = 1_024;

let opening: OprfKernel | null | undefined;

/** Opened once per thread. */
function kernel(): OprfKernel | null {
  opening ??= openGroupKernel(UNIFORM_BYTES + MESSAGE_BYTES);
  return opening;
}

/** SHA-512, by libsodium. */
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

/** Hashes messages under one label: expand_message_xmd with SHA-512 to 64 bytes, for which one block suffices (RFC 9380 §5.3.1). */
class Expander {
  /** `I2OSP(64, 2) ‖ 0 ‖ DST ‖ I2OSP(len(DST), 1)`: what follows a message. */
  readonly #tail: Bytes;

  constructor(label: string, context: Bytes) {
    const separation = concatBytes(utf8(label), context);
    this.#tail = concatBytes(Uint8Array.of(0, UNIFORM_BYTES, 0), separation, Uint8Array.of(separation.length));
  }

  uniform(message: Bytes): Bytes {
    const opened = message.length + this.#tail.length <= MESSAGE_BYTES ? kernel() : null;
    const suffix = this.#tail.subarray(3);
    if (opened === null) {
      const first = sha512(concatBytes(new Uint8Array(SHA512_BLOCK_BYTES), message, this.#tail));
      return sha512(concatBytes(first, Uint8Array.of(1), suffix));
    }
    const { bytes } = opened;
    bytes.set(message, MESSAGE);
    bytes.set(this.#tail, MESSAGE + message.length);
    const length = message.length + this.#tail.length;
    opened.oprfExpand(OUT, MESSAGE, length, suffix.length, STATES, ROUNDS, SHA_WORK);
    return bytes.slice(OUT, OUT + UNIFORM_BYTES);
  }
}

/** HashToGroup for many inputs, as far as to the uniform bytes that map to the element. */
export class GroupHash {
  readonly #expander: Expander;

  constructor(context: Bytes) {
    this.#expander = new Expander("HashToGroup-", context);
  }

  /** 64 bytes. @throws ERR_OPRF_INPUT when the input is not 1 to 65535 bytes. */
  uniform(input: Bytes): Bytes {
    if (input.length < 1 || input.length > MAX_OPRF_INPUT_BYTES) {
      throw new SluiceError("ERR_OPRF_INPUT", { reason: "its length is outside the limits" });
    }
    return this.#expander.uniform(input);
  }
}

/** HashToScalar for many messages. */
export class ScalarHash {
  readonly #expander: Expander;

  constructor(label: string, context: Bytes) {
    this.#expander = new Expander(label, context);
  }

  scalar(message: Bytes): Bytes {
    return sodium.crypto_core_ristretto255_scalar_reduce(this.#expander.uniform(message));
  }
}

/** The group element of `input`. @throws ERR_OPRF_INPUT when the input is not 1 to 65535 bytes. */
export function hashToGroup(input: Bytes, context: Bytes): Bytes {
  const element = sodium.crypto_core_ristretto255_from_hash(new GroupHash(context).uniform(input));
  wipeTranscript();
  return element;
}

/** The scalar of `message` under `label ‖ context`. */
export function hashToScalar(message: Bytes, label: string, context: Bytes): Bytes {
  const scalar = new ScalarHash(label, context).scalar(message);
  wipeTranscript();
  return scalar;
}

/** The output of one evaluation: `Hash(len ‖ input ‖ len ‖ element ‖ "Finalize")` (RFC 9497 §3.3.1). */
export function finalizeHash(input: Bytes, unblindedElement: Bytes): Bytes {
  const length = 2 + input.length + FINALIZE_BYTES;
  const opened = length <= MESSAGE_BYTES ? kernel() : null;
  if (opened === null) return sha512(concatBytes(prefixed(input), prefixed(unblindedElement), FINALIZE));
  const { bytes } = opened;
  const element = MESSAGE + 2 + input.length;
  bytes[MESSAGE] = input.length >> 8;
  bytes[MESSAGE + 1] = input.length & 0xff;
  bytes.set(input, MESSAGE + 2);
  bytes[element] = 0;
  bytes[element + 1] = unblindedElement.length;
  bytes.set(unblindedElement, element + 2);
  bytes.set(FINALIZE, element + 2 + unblindedElement.length);
  opened.oprfHash(OUT, MESSAGE, length, STATES, ROUNDS, SHA_WORK);
  return bytes.slice(OUT, OUT + UNIFORM_BYTES);
}

/** Zeroes what is left in the kernel's memory of messages that were hashed. */
export function wipeTranscript(): void {
  if (opening) wipeKernel(opening, OUT, MESSAGE + MESSAGE_BYTES);
}

/** Whether `element` is the canonical encoding of an element other than the identity (RFC 9497 §3.3). */
export function isElement(element: Bytes): boolean {
  return (
    element.length === sodium.crypto_core_ristretto255_BYTES &&
    element.some((byte) => byte !== 0) &&
    sodium.crypto_core_ristretto255_is_valid_point(element)
  );
}

/** The group of the base transfers: ristretto255 by libsodium, elements as 32 canonical bytes, and hashing to it.
 *  Only the platform's own JavaScript and WebAssembly: both roles use it, and one of them runs in browsers.
 *  @see https://www.rfc-editor.org/rfc/rfc9380 appendix B, https://www.rfc-editor.org/rfc/rfc9496
 *  @module */
import { expand_message_xmd } from "@noble/curves/abstract/hash-to-curve.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { concatBytes, ELEMENT_BYTES, SluiceError, utf8, type Bytes, type Random } from "@sluice/protocol";
import sodium from "libsodium-wrappers-sumo";
import { OT_KEY_BYTES } from "./key-streams.ts";

const GROUP_DST = utf8("SluicePSIOTV1-HashToGroup-ristretto255_XMD:SHA-512_R255MAP_RO_");
const KEY_LABEL = utf8("sluice/psi/ot/key/v1");
/** Bytes that a random scalar or element is made of. */
export const OT_UNIFORM_BYTES = 64;

/** Where a hash stands: the session, which of its transfers, and which of the two halves. */
export interface OtPlace {
  /** 32 bytes that are of one session alone. */
  readonly session: Bytes;
  readonly index: number;
  readonly half: 0 | 1;
}

// struct { opaque session[32]; uint16 index; uint8 half; } Place;
function placeBytes({ session, index, half }: OtPlace): Bytes {
  return concatBytes(session, Uint8Array.of(index >> 8, index & 0xff, half));
}

/** H of one place: the group element of `element` (hash_to_ristretto255). Nobody knows its logarithm. */
export function hashElement(place: OtPlace, element: Bytes): Bytes {
  const uniform = expand_message_xmd(concatBytes(placeBytes(place), element), GROUP_DST, OT_UNIFORM_BYTES, sha512);
  return sodium.crypto_core_ristretto255_from_hash(uniform);
}

/** A scalar that is uniform but for a bias below 2^-250, and not 0. */
export function randomScalar(random: Random): Bytes {
  for (;;) {
    const wide = random.bytes(OT_UNIFORM_BYTES);
    const scalar = sodium.crypto_core_ristretto255_scalar_reduce(wide);
    wide.fill(0);
    if (scalar.some((byte) => byte !== 0)) return scalar;
  }
}

/** An element that nobody knows the logarithm of. */
export function randomElement(random: Random): Bytes {
  return sodium.crypto_core_ristretto255_from_hash(random.bytes(OT_UNIFORM_BYTES));
}

/** The element at `index` of a peer's list. @throws ERR_OPRF_ELEMENT when it is not canonical, or the identity. */
export function elementAt(elements: Bytes, index: number): Bytes {
  const element = elements.subarray(index * ELEMENT_BYTES, (index + 1) * ELEMENT_BYTES);
  if (element.every((byte) => byte === 0) || !sodium.crypto_core_ristretto255_is_valid_point(element)) {
    throw new SluiceError("ERR_OPRF_ELEMENT", { index });
  }
  return element;
}

/** What both sides of a transfer saw of it: the receiver's two elements, and the sender's one. */
export interface OtTranscript {
  readonly pair: Bytes;
  readonly answer: Bytes;
}

/** The key of one half: a hash of its shared element, of its place, and of all that was said about it. */
export function transferKey(place: OtPlace, { pair, answer }: OtTranscript, shared: Bytes): Bytes {
  return sha256(concatBytes(KEY_LABEL, placeBytes(place), pair, answer, shared)).slice(0, OT_KEY_BYTES);
}

/** The group of a caller, ristretto255, for whole lists: with libsodium in WebAssembly, ten times as fast as big integers, and
 *  with noble where a page's policy forbids WebAssembly. Both give the same bytes. It is loaded when it is first used, so
 *  that a page which never counts does not carry it. No `node:` import: runs in Node and in browsers.
 *
 *  Neither engine promises constant time against an observer on the caller's own machine; with noble, scalars are big integers
 *  that cannot be wiped.
 *  @module */
import { concatBytes, utf8, type Bytes } from "@sluice/protocol";
import { nobleGroup } from "./noble-group.ts";

/** Bytes that reduce to a scalar, or map to an element, without noticeable bias. */
export const UNIFORM_BYTES = 64;

/** Scalars and elements are 32 bytes, little-endian and canonical. */
export interface CallerGroup {
  readonly engine: "libsodium" | "noble";
  /** The element of an entry under the context (RFC 9497 §4.1, RFC 9380 appendix B). */
  hash(entry: Bytes, context: Bytes): Bytes;
  /** The element that 64 uniform bytes map to (RFC 9496 §4.3.4). */
  map(uniform: Bytes): Bytes;
  /** 64 uniform bytes modulo the order. */
  reduce(uniform: Bytes): Bytes;
  /** @param scalar Not zero */
  invert(scalar: Bytes): Bytes;
  multiplyBase(scalar: Bytes): Bytes;
  /** `scalar · element`, or null when the element is not canonical or is the identity. @param scalar Not zero */
  multiply(scalar: Bytes, element: Bytes): Bytes | null;
}

let loading: Promise<CallerGroup> | undefined;

/** The fastest group that this place allows. */
export function callerGroup(): Promise<CallerGroup> {
  loading ??= sodiumGroup().catch(() => nobleGroup);
  return loading;
}

async function sodiumGroup(): Promise<CallerGroup> {
  const { default: sodium } = await import("libsodium-wrappers-sumo");
  await sodium.ready;
  const map = (uniform: Bytes): Bytes => sodium.crypto_core_ristretto255_from_hash(uniform);
  return {
    engine: "libsodium",
    hash: (entry, context) => map(expandMessage(sodium.crypto_hash_sha512, entry, context)),
    map,
    reduce: (uniform) => sodium.crypto_core_ristretto255_scalar_reduce(uniform),
    invert: (scalar) => sodium.crypto_core_ristretto255_scalar_invert(scalar),
    multiplyBase: (scalar) => sodium.crypto_scalarmult_ristretto255_base(scalar),
    multiply(scalar, element) {
      try {
        return sodium.crypto_scalarmult_ristretto255(scalar, element);
      } catch (error) {
        if (element.some((byte) => byte !== 0) && sodium.crypto_core_ristretto255_is_valid_point(element)) throw error;
        return null;
      }
    },
  };
}

/** Input block of SHA-512. */
const BLOCK_BYTES = 128;

/** expand_message_xmd with SHA-512 to 64 bytes, for which one block suffices (RFC 9380 §5.3.1). */
function expandMessage(sha512: (bytes: Bytes) => Bytes, message: Bytes, context: Bytes): Bytes {
  const separation = concatBytes(utf8("HashToGroup-"), context);
  const suffix = concatBytes(separation, Uint8Array.of(separation.length));
  const zeros = new Uint8Array(BLOCK_BYTES);
  const first = sha512(concatBytes(zeros, message, Uint8Array.of(0, UNIFORM_BYTES, 0), suffix));
  return sha512(concatBytes(first, Uint8Array.of(1), suffix));
}

/** SM2 signatures (GB/T 32918.2-2016) on the recommended curve, with SM3 and the standard user id, in Node and in
 *  browsers. A key names itself by its compressed point. Arithmetic is JavaScript: not constant time, and not a
 *  certified module; a device that is one takes the place of the key pair.
 *  @module */
import { concatBytes, fromBase64url, toBase64url, toHex, type Bytes, type KeyId } from "@sluice/protocol";
import { sm2 } from "sm-crypto-v2";
import { sm3Hash } from "./sm3.ts";

/** User id of signers that have none of their own (GM/T 0009-2012 §10). */
export const SM2_USER_ID = "1234567812345678";
/** Bytes of a signature: r ‖ s, 32 bytes each, big endian. */
export const SM2_SIGNATURE_BYTES = 64;
/** Order of the base point (GB/T 32918.5-2017 §2). */
const ORDER = 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n;
const UNCOMPRESSED_BYTES = 65;
const COMPRESSED_BYTES = 33;

/** Public keys kept with their tables for the next verification: 125 KB each. */
const MAX_CACHED_KEYS = 64;
/** Window of a key's table: building it costs what one and a half verifications cost without, and saves five of six. */
const WINDOW_BITS = 5;

const PREFIX = "sm2:";
const KEY_ID = /^sm2:[A-Za-z0-9_-]{44}$/;
const PRIVATE_KEY = /^[0-9a-f]{64}$/;

type Point = Exclude<Parameters<typeof sm2.doVerifySignature>[2], string>;

/** A public key ready to verify: its point with a table of multiples, and the hash that stands for its user. */
interface PreparedKey {
  readonly point: Point;
  readonly userHash: Bytes;
}

const prepared = new Map<KeyId, PreparedKey>();

/** The id of the key at an uncompressed point (65 bytes). Whether that is a point of the curve is `sm2PublicKeyOf`'s. */
export function sm2KeyIdOf(point: Bytes): KeyId {
  const compressed = point.slice(0, COMPRESSED_BYTES);
  compressed[0] = 2 + ((point[UNCOMPRESSED_BYTES - 1] ?? 0) & 1);
  return PREFIX + toBase64url(compressed);
}

/** The uncompressed point (65 bytes) that `keyId` names; `null` when it names none: wrong form, or not on the curve. */
export function sm2PublicKeyOf(keyId: string): Bytes | null {
  const key = prepare(keyId);
  return key === null ? null : Uint8Array.from(key.point.toRawBytes(false));
}

/** Whether `signature` is one of `keyId` over `bytes`; false as well when `keyId` names no key. */
export function verifySm2(keyId: KeyId, bytes: Bytes, signature: Bytes): boolean {
  if (signature.length !== SM2_SIGNATURE_BYTES) return false;
  const r = scalarOf(signature.subarray(0, SM2_SIGNATURE_BYTES / 2));
  const s = scalarOf(signature.subarray(SM2_SIGNATURE_BYTES / 2));
  if (r === null || s === null) return false;
  const key = prepare(keyId);
  if (key === null) return false;
  const digest = sm3Hash(concatBytes(key.userHash, bytes));
  // s·G + (r + s)·P is the point at infinity exactly when r = e: the library adds an x-coordinate of zero there and
  // accepts, the standard has no x-coordinate to add.
  if (r === BigInt(`0x${toHex(digest)}`) % ORDER) return false;
  return sm2.doVerifySignature(digest, toHex(signature), key.point);
}

/** The signature of `privateKey` (hexadecimal) over `bytes`. Its nonce is the platform's randomness. */
export function signSm2(privateKey: string, keyId: KeyId, bytes: Bytes): Bytes {
  const key = prepare(keyId);
  if (key === null) throw new TypeError("a key pair without a public key");
  const signature = sm2.doSignature(sm3Hash(concatBytes(key.userHash, bytes)), privateKey);
  return Uint8Array.from(sm2.hexToArray(signature));
}

/** A random private key, 32 bytes as hexadecimal. */
export function randomSm2PrivateKey(): string {
  const { privateKey } = sm2.generateKeyPairHex();
  return isSm2PrivateKey(privateKey) ? privateKey : randomSm2PrivateKey();
}

/** Whether `privateKey` is a scalar in [1, n − 2] (GB/T 32918.1-2016 §6.1): 1 + d must have an inverse. */
export function isSm2PrivateKey(privateKey: string): boolean {
  if (!PRIVATE_KEY.test(privateKey)) return false;
  const d = BigInt(`0x${privateKey}`);
  return d >= 1n && d <= ORDER - 2n;
}

/** The uncompressed point of `privateKey` as 65 bytes. */
export function sm2PointOf(privateKey: string): Bytes {
  return Uint8Array.from(sm2.hexToArray(sm2.getPublicKeyFromPrivateKey(privateKey)));
}

function scalarOf(bytes: Bytes): bigint | null {
  const scalar = BigInt(`0x${toHex(bytes)}`);
  return scalar >= 1n && scalar < ORDER ? scalar : null;
}

function prepare(keyId: string): PreparedKey | null {
  const known = prepared.get(keyId);
  if (known !== undefined) return known;
  if (!KEY_ID.test(keyId)) return null;
  try {
    const point = sm2.precomputePublicKey(toHex(fromBase64url(keyId.slice(PREFIX.length))), WINDOW_BITS);
    const userHash = Uint8Array.from(sm2.getZ(point.toHex(false), SM2_USER_ID));
    const oldest = prepared.keys().next();
    if (prepared.size >= MAX_CACHED_KEYS && oldest.done !== true) prepared.delete(oldest.value);
    const key = { point, userHash };
    prepared.set(keyId, key);
    return key;
  } catch {
    return null; // not a point of the curve
  }
}

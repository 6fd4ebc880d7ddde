/** The keyed function behind tokens, shifts, noise and fakes: HMAC-SHA-256 (RFC 2104). One key per scene and domain, and
 *  from it by HKDF-SHA-256 (RFC 5869) one for each use, so that a token never tells a shift.
 *
 *  The engine gets the two padded key blocks as bound parameters, never the key, and never as SQL text.
 *  @module */
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { toHex, utf8, type Bytes } from "@sluice/protocol";
import type { KeyUse } from "./column.ts";

/** Shortest key: 128 bits. */
export const MIN_TOKEN_KEY_BYTES = 16;
/** Longest key: one SHA-256 block, so that it is never hashed first. */
export const MAX_TOKEN_KEY_BYTES = 64;
/** Bytes of a derived key. */
const USE_KEY_BYTES = 32;
/** Hexadecimal digits of one number of a hash: below 2^52, so that doubles and 64-bit integers hold it. */
const NUMBER_DIGITS = 13;
/** First number that a part of a hash cannot be. */
export const HASH_NUMBERS = 2 ** 52;

/** Keys by use, for as long as the scene's key is in use itself. */
const derived = new WeakMap<Bytes, Map<KeyUse, Bytes>>();

/** The key for `use`; tokens use the scene's own. @throws RangeError when the key is not 16 to 64 bytes. */
export function keyFor(use: KeyUse, tokenKey: Bytes): Bytes {
  if (tokenKey.length < MIN_TOKEN_KEY_BYTES || tokenKey.length > MAX_TOKEN_KEY_BYTES) {
    throw new RangeError(`a token key has ${MIN_TOKEN_KEY_BYTES} to ${MAX_TOKEN_KEY_BYTES} bytes`);
  }
  if (use === "token") return tokenKey;
  const keys = derived.get(tokenKey) ?? new Map<KeyUse, Bytes>();
  derived.set(tokenKey, keys);
  const key = keys.get(use) ?? hkdf(sha256, tokenKey, utf8("sluice/transform/v1"), utf8(use), USE_KEY_BYTES);
  keys.set(use, key);
  return key;
}

/** HMAC-SHA-256 of `text` under the key for `use`, in hexadecimal. @throws RangeError when the key is not 16 to 64 bytes. */
export function keyedHash(use: KeyUse, tokenKey: Bytes, text: string): string {
  return toHex(hmac(sha256, keyFor(use, tokenKey), utf8(text)));
}

/** The same of an SQL text expression, out of the engine's SHA-256, which yields hexadecimal. */
export function keyedHashSql(use: KeyUse, text: string): string {
  const [inner, outer] = parameterNames(use);
  return `sha256($${outer} || unhex(sha256($${inner} || encode(${text}))))`;
}

/** Number `index` (0 to 3) of a hash in hexadecimal: at least 0, below HASH_NUMBERS. */
export function hashNumber(hash: string, index: number): number {
  return Number.parseInt(hash.slice(index * NUMBER_DIGITS, (index + 1) * NUMBER_DIGITS), 16);
}

/** The same of an SQL expression for a hash. */
export function hashNumberSql(hash: string, index: number): string {
  return `TRY_CAST('0x' || substr(${hash}, ${index * NUMBER_DIGITS + 1}, ${NUMBER_DIGITS}) AS BIGINT)`;
}

/** What to bind for `keyedHashSql`: the key blocks of the inner and the outer hash. Secret, as the key is.
 *  @throws RangeError when the key is not 16 to 64 bytes. */
export function keyedHashParameters(use: KeyUse, tokenKey: Bytes): Record<string, Bytes> {
  const key = keyFor(use, tokenKey);
  const [inner, outer] = parameterNames(use);
  return { [inner]: keyBlock(key, 0x36), [outer]: keyBlock(key, 0x5c) };
}

/** Names of the parameters for `use`, without `$`. */
function parameterNames(use: KeyUse): [inner: string, outer: string] {
  const name = use.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  return [`${name}KeyInner`, `${name}KeyOuter`];
}

function keyBlock(key: Bytes, pad: number): Bytes {
  const block = new Uint8Array(MAX_TOKEN_KEY_BYTES).fill(pad);
  for (const [i, byte] of key.entries()) block[i] = byte ^ pad;
  return block;
}

/** The keyed function behind tokens: HMAC-SHA-256 (RFC 2104), first 16 bytes, in hexadecimal. One key per scene and
 *  domain: tables of one scene can be joined on tokens, tables of two scenes cannot.
 *
 *  The engine gets the two padded key blocks as bound parameters, never the key, and never as SQL text.
 *  @module */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { toHex, utf8, type Bytes } from "@sluice/protocol";

/** Bytes of a token before hexadecimal. */
export const TOKEN_BYTES = 16;
/** Shortest key: 128 bits. */
export const MIN_TOKEN_KEY_BYTES = 16;
/** Longest key: one SHA-256 block, so that it is never hashed first. */
export const MAX_TOKEN_KEY_BYTES = 64;

/** Token of `text` under `tokenKey`. @throws RangeError when the key is not 16 to 64 bytes. */
export function tokenize(text: string, tokenKey: Bytes): string {
  checkKey(tokenKey);
  return toHex(hmac(sha256, tokenKey, utf8(text)).subarray(0, TOKEN_BYTES));
}

/** Key blocks of the inner and the outer hash. Secret, as the key is. @throws RangeError when the key is not 16 to 64 bytes. */
export function tokenKeyBlocks(tokenKey: Bytes): { inner: Bytes; outer: Bytes } {
  checkKey(tokenKey);
  const inner = new Uint8Array(MAX_TOKEN_KEY_BYTES).fill(0x36);
  const outer = new Uint8Array(MAX_TOKEN_KEY_BYTES).fill(0x5c);
  for (const [i, byte] of tokenKey.entries()) {
    inner[i] = byte ^ 0x36;
    outer[i] = byte ^ 0x5c;
  }
  return { inner, outer };
}

function checkKey(tokenKey: Bytes): void {
  if (tokenKey.length < MIN_TOKEN_KEY_BYTES || tokenKey.length > MAX_TOKEN_KEY_BYTES) {
    throw new RangeError(`a token key has ${MIN_TOKEN_KEY_BYTES} to ${MAX_TOKEN_KEY_BYTES} bytes`);
  }
}

/** Tokens: HMAC-SHA-256 or HMAC-SM3 of a value's text, first 16 bytes, in hexadecimal. One key per scene and domain: tables
 *  of one scene can be joined on tokens, tables of two scenes not on them. Who has the key can tell any value's token; without
 *  it, equal values show as equal and nothing else.
 *  @module */
import { hash } from "node:crypto";
import { concatBytes, utf8, type Bytes, type Transform } from "@sluice/protocol";
import type { VectorFunction } from "../vector-function.ts";
import { keyedHash, keyedHashSql, keyFor, MAX_TOKEN_KEY_BYTES } from "./keyed-hash.ts";

/** Bytes of a token before hexadecimal. */
export const TOKEN_BYTES = 16;

type Token = Extract<Transform, { kind: "token" }>;

/** Token of `text` under `tokenKey`. @throws RangeError when the key is not 16 to 64 bytes. */
export function tokenize(transform: Token, text: string, tokenKey: Bytes): string {
  const full =
    transform.hash === "sm3" ? hmacSm3(keyFor("token-sm3", tokenKey), utf8(text)) : keyedHash("token", tokenKey, text);
  return full.slice(0, 2 * TOKEN_BYTES);
}

/** The token of an SQL text expression. The engine has no SM3: HMAC_SM3 is registered with it. */
export function tokenSql(transform: Token, text: string): string {
  const full =
    transform.hash === "sm3" ? `${HMAC_SM3.name}($tokenSm3Key, encode(${text}))` : keyedHashSql("token", text);
  return `left(${full}, ${2 * TOKEN_BYTES})`;
}

/** HMAC-SM3 (RFC 2104, GB/T 32905-2016) of bytes under a key that a parameter binds, in hexadecimal. Bytes, not text: on its
 *  way from the engine, text loses a byte order mark. */
export const HMAC_SM3: VectorFunction = {
  name: "sluice_hmac_sm3",
  parameters: ["bytes", "bytes"],
  returns: "text",
  apply: ([keys, messages], length) => {
    if (keys?.type !== "bytes" || messages?.type !== "bytes") throw new TypeError("expected keys and messages");
    const key = keys.values[0] ?? null;
    return {
      type: "text",
      values: Array.from({ length }, (_, i) => {
        const message = messages.values[i] ?? null;
        return key === null || message === null ? null : hmacSm3(key, message);
      }),
    };
  },
};

function hmacSm3(key: Bytes, message: Bytes): string {
  const padded = (pad: number): Bytes =>
    Uint8Array.from({ length: MAX_TOKEN_KEY_BYTES }, (_, i) => (key[i] ?? 0) ^ pad);
  const inner = hash("sm3", concatBytes(padded(0x36), message), "buffer");
  return hash("sm3", concatBytes(padded(0x5c), inner), "hex");
}

/** Byte strings: the few operations every package needs, without `node:`.
 *  @module */
import { base64urlnopad, hex } from "@scure/base";

/** A byte string. */
export type Bytes = Uint8Array;

const encoder = new TextEncoder();
// A byte order mark is a character like any other: dropping it would make two texts of different bytes equal.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8 bytes of `text`. */
export function utf8(text: string): Bytes {
  return encoder.encode(text);
}

/** Text of strictly valid UTF-8 bytes. @throws TypeError on an invalid sequence. */
export function fromUtf8(bytes: Bytes): string {
  return decoder.decode(bytes);
}

/** Lower-case hexadecimal. */
export function toHex(bytes: Bytes): string {
  return hex.encode(bytes);
}

/** Bytes of lower-case hexadecimal. @throws Error when `text` is not hexadecimal. */
export function fromHex(text: string): Bytes {
  return hex.decode(text);
}

/** Base64url without padding (RFC 4648 §5). */
export function toBase64url(bytes: Bytes): string {
  return base64urlnopad.encode(bytes);
}

/** Bytes of unpadded base64url. @throws Error when `text` is not canonical base64url. */
export function fromBase64url(text: string): Bytes {
  return base64urlnopad.decode(text);
}

/** The parts one after another, in a new buffer. */
export function concatBytes(...parts: Bytes[]): Bytes {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

/** Whether both byte strings are equal; time depends on the lengths alone. */
export function equalBytes(a: Bytes, b: Bytes): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

/** Canonical JSON (RFC 8785): the bytes that signatures and hashes cover.
 *  @module */
import canonicalize from "canonicalize";
import { utf8, type Bytes } from "./bytes.ts";

/** JSON text with sorted keys and ECMAScript numbers. @throws TypeError when `value` is not JSON. */
export function canonicalText(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError("a value without a JSON form cannot be canonicalized");
  return text;
}

/** Text of the file of a document: its canonical JSON and a line break. */
export function documentText(document: unknown): string {
  return `${canonicalText(document)}\n`;
}

/** UTF-8 bytes of `canonicalText(value)`. */
export function canonicalBytes(value: unknown): Bytes {
  return utf8(canonicalText(value));
}

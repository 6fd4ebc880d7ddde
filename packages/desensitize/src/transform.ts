/** The transforms of a policy on one value, in TypeScript: the reference for the SQL of `view-sql.ts`.
 *  Characters are Unicode code points. A null stays null.
 *  @module */
import type { Bytes, Transform } from "@sluice/protocol";
import type { StoredType } from "./policy/columns.ts";
import { tokenize } from "./token-key.ts";

/** A stored value: text and ISO dates as strings, 64-bit integers as numbers or bigints. */
export type StoredValue = string | number | bigint | boolean | null;

/** A value as a job sees it. */
export type ShownValue = string | number | boolean | null;

/** `value` after `transform`. Integers outside 32 bits and numbers that are not finite become null when kept.
 *  @throws RangeError when `tokenKey` is needed and is not 16 to 64 bytes. */
export function applyTransform(
  transform: Transform,
  value: StoredValue,
  options: { readonly tokenKey: Bytes; readonly type: StoredType },
): ShownValue {
  if (value === null) return null;
  switch (transform.kind) {
    case "drop":
      return null;
    case "keep":
      return keep(value, options.type);
    case "mask":
      return mask(String(value), transform.keepFirst, transform.keepLast);
    case "token":
      return tokenize(String(value), options.tokenKey);
    case "generalize":
      return Array.from(String(value)).slice(0, transform.length).join("");
    case "bucket":
      return bucket(Number(value), transform);
  }
}

function keep(value: string | number | bigint | boolean, type: StoredType): ShownValue {
  switch (type) {
    case "text":
    case "date":
      return String(value);
    case "boolean":
      return Boolean(value);
    case "integer":
      return (Number(value) | 0) === Number(value) ? Number(value) : null;
    case "decimal":
      return Number.isFinite(Number(value)) ? Number(value) : null;
  }
}

/** Text that is not longer than what the mask leaves is masked whole. */
function mask(text: string, keepFirst: number, keepLast: number): string {
  const characters = Array.from(text);
  const hidden = characters.length - keepFirst - keepLast;
  if (hidden <= 0) return "*".repeat(characters.length);
  return [...characters.slice(0, keepFirst), "*".repeat(hidden), ...characters.slice(keepFirst + hidden)].join("");
}

/** Lower bound of the bucket; everything from `max` up is the bucket that starts at or just below `max`. */
function bucket(number: number, { width, min, max }: Extract<Transform, { kind: "bucket" }>): number | null {
  if (!Number.isFinite(number)) return null;
  const clamped = Math.min(Math.max(number, min), max);
  return min + Math.floor((clamped - min) / width) * width;
}

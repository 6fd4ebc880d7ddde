/** Keys by which a caller's rows are joined with a set (关联键): of which types their parts are, and the form in which two values of a
 *  type are equal. Both sides bring what they have into that form before it is hashed or blinded, so that nobody has to show a
 *  value to find that it was written in another way.
 *  @module */
import { z } from "zod";
import { FieldName } from "../identifiers.ts";
import { MAX_PSI_ENTRY_BYTES } from "../psi-sizes.ts";
import { canonicalForm, keyFault, type KeyOutcome } from "./key-outcome.ts";
import { canonicalMobile } from "./mobile-number.ts";
import { canonicalName } from "./name-key.ts";
import { canonicalDate, canonicalInteger } from "./plain-keys.ts";
import { canonicalResidentId } from "./resident-id.ts";
import { canonicalCreditCode } from "./social-credit-code.ts";

/** What a part of a key holds, and so when two values of it are equal. */
export const KeyType = z.enum(["text", "name", "resident-id", "credit-code", "mobile", "integer", "date"]);
export type KeyType = z.infer<typeof KeyType>;

/** Most parts of a key. */
export const MAX_KEY_PARTS = 4;
/** Most keys of a row. */
export const MAX_JOIN_KEYS = 4;

/** One part of a key: the column of the set's table, and what it holds. */
export const KeyPart = z.strictObject({ field: FieldName, type: KeyType });
export type KeyPart = z.infer<typeof KeyPart>;

/** A key whose parts must all be equal: `ON a.id = b.id AND a.name = b.name`. */
export const JoinKey = z
  .array(KeyPart)
  .min(1)
  .max(MAX_KEY_PARTS)
  .refine((parts) => new Set(parts.map(({ field }) => field)).size === parts.length, "each field once in a key");
export type JoinKey = z.infer<typeof JoinKey>;

/** Keys of which one must be equal: `ON a.id = b.id OR a.phone = b.phone`. */
export const JoinKeys = z
  .array(JoinKey)
  .min(1)
  .max(MAX_JOIN_KEYS)
  .refine((keys) => new Set(keys.map((key) => JSON.stringify(key))).size === keys.length, "each key once");
export type JoinKeys = z.infer<typeof JoinKeys>;

/** The key of a set whose snapshot names none: one text, exactly as it is. */
export const PLAIN_KEYS: JoinKeys = [[{ field: "key", type: "text" }]];

/** Every column that the keys are made of, once. */
export function joinFields(keys: JoinKeys): FieldName[] {
  return [...new Set(keys.flat().map(({ field }) => field))];
}

/** Columns and types of the keys, for messages. */
export function keysText(keys: JoinKeys): string {
  return keys.map((key) => key.map(({ field, type }) => `${field} (${type})`).join(" and ")).join("; ");
}

/** The form in which equal values of a type are the same text. Never throws, whatever the text. */
export function canonicalKey(type: KeyType, text: string): KeyOutcome {
  return CANONICAL[type](text);
}

const CANONICAL = {
  text: exactText,
  name: canonicalName,
  "resident-id": canonicalResidentId,
  "credit-code": canonicalCreditCode,
  mobile: canonicalMobile,
  integer: canonicalInteger,
  date: canonicalDate,
} as const satisfies Record<KeyType, (text: string) => KeyOutcome>;

function exactText(text: string): KeyOutcome {
  if (text === "") return keyFault("missing");
  return text.isWellFormed() ? canonicalForm(text) : keyFault("not-unicode");
}

/** The entry that a row's values make, or the first of its parts that makes none. */
export type EntryOutcome =
  | { readonly ok: true; readonly entry: string }
  | ({ readonly ok: false; readonly part: KeyPart } & Pick<Extract<KeyOutcome, { ok: false }>, "fault">);

/** A value of a row. Null is SQL's NULL: it equals nothing, another one neither. */
export type KeyValue = string | null | undefined;

/** The entry of one of `keys`, `key`, for values in the order of its parts.
 *
 *  A set with one key of one text has texts as they are for entries. Of any other set an entry is the canonical JSON of
 *  `[[field, type, canonical form], …]`: two entries are the same only if field, type and form of every part are. */
export function joinEntry(keys: JoinKeys, key: JoinKey, values: readonly KeyValue[]): EntryOutcome {
  const parts: [string, KeyType, string][] = [];
  for (const [i, part] of key.entries()) {
    const value = values[i];
    const outcome = value === null || value === undefined ? keyFault("missing") : canonicalKey(part.type, value);
    if (!outcome.ok) return { ok: false, part, fault: outcome.fault };
    parts.push([part.field, part.type, outcome.key]);
  }
  // The strings of RFC 8785 are those of JSON.stringify.
  const entry = isPlain(keys) ? (parts[0]?.[2] ?? "") : JSON.stringify(parts);
  const [last] = key.slice(-1);
  if (last !== undefined && isTooLong(entry)) return { ok: false, part: last, fault: "too-long" };
  return { ok: true, entry };
}

/** Whether entries are texts as they are. */
function isPlain(keys: JoinKeys): boolean {
  return keys.length === 1 && keys[0]?.length === 1 && keys[0][0]?.type === "text";
}

const MAX_BYTES_PER_UNIT = 3;
const encoder = new TextEncoder();

function isTooLong(entry: string): boolean {
  if (entry.length * MAX_BYTES_PER_UNIT <= MAX_PSI_ENTRY_BYTES) return false;
  return entry.length > MAX_PSI_ENTRY_BYTES || encoder.encode(entry).length > MAX_PSI_ENTRY_BYTES;
}

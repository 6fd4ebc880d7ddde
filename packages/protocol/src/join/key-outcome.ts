/** What becomes of a value that is to be a key: its canonical form, or why it has none.
 *  @module */
import { z } from "zod";

/** Why a value is no key. Says what kind of fault it is, and nothing of the value. */
export const KeyFault = z.enum([
  /** Nothing is there: NULL, an empty text, and but for `text` one of white space and invisible characters alone. */
  "missing",
  /** Longer than anything of its type, or with the other parts of its key longer than an entry. */
  "too-long",
  /** A half of a surrogate pair, which has no form in UTF-8. */
  "not-unicode",
  /** A character that values of its type never have. */
  "characters",
  /** Not as many characters as values of its type have. */
  "length",
  /** An identity number of before 1999, which has no check character. */
  "fifteen-digits",
  /** A department or category of organisation that is none, or a division of no province. */
  "codes",
  /** A day that is not in the calendar, or not of the years that its type has. */
  "date",
  /** Its check character is another. */
  "check-character",
]);
export type KeyFault = z.infer<typeof KeyFault>;

/** A canonical form, or a fault. */
export type KeyOutcome = { readonly ok: true; readonly key: string } | { readonly ok: false; readonly fault: KeyFault };

/** @returns the outcome of a value with the canonical form `key` */
export function canonicalForm(key: string): KeyOutcome {
  return { ok: true, key };
}

/** @returns the outcome of a value without one */
export function keyFault(fault: KeyFault): KeyOutcome {
  return { ok: false, fault };
}

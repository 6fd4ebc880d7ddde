/** Names of persons and organisations as keys: what differs only in how it was typed or set is one name.
 *  @module */
import { canonicalForm, keyFault, type KeyOutcome } from "./key-outcome.ts";

/** UTF-16 units of the longest name. */
const MAX_NAME_CHARS = 500;
/** Dots that stand between the parts of a name, beside the middle dot U+00B7. */
const MIDDLE_DOTS = /[\u2022\u2027\u2219\u22c5\u30fb]/g;

/** A name in NFKC with letters folded to one case, one kind of middle dot, no character that nobody sees, and no white space but
 *  one space between words; Chinese characters have none beside them.
 *
 *  Case is folded by the mappings of Unicode, whatever the locale. Other characters are kept: accents, punctuation,
 *  traditional and simplified forms differ. */
export function canonicalName(text: string): KeyOutcome {
  if (text.length > MAX_NAME_CHARS) return keyFault("too-long");
  if (!text.isWellFormed()) return keyFault("not-unicode");
  const seen = text
    .normalize("NFKC")
    .replaceAll(/[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, "")
    .replaceAll(MIDDLE_DOTS, "\u00b7")
    .toLowerCase() // first, for capital sharp s alone
    .toUpperCase()
    .toLowerCase()
    .replaceAll("\u03c2", "\u03c3") // a sigma at a word's end is its capital's other small letter
    .normalize("NFKC")
    .replaceAll(/\s+/gu, " ")
    .replaceAll(/ (?=[\p{sc=Han}\u00b7])|(?<=[\p{sc=Han}\u00b7]) /gu, "")
    .trim();
  if (seen === "") return keyFault("missing");
  return /[\p{Cc}\p{Cn}]/u.test(seen) ? keyFault("characters") : canonicalForm(seen);
}

/** The forms in which a value is looked at, by detectors and by keys of a join. Numbers are written in many ways that look alike on a page: in full-width digits or
 *  those of another script, in groups, with characters between them that nobody sees.
 *  @module */
import { canonicalForm, keyFault, type KeyOutcome } from "./key-outcome.ts";

/** Characters of a value that can still be one identifier, name or address; a longer one is none. */
export const MAX_IDENTIFIER_CHARS = 200;

/** `text` in NFKC with decimal digits of every script as 0 to 9, spaces and dashes of every kind as one, and without format
 *  characters such as the zero-width space. Costs a fixed number of steps for each character. */
export function plainForm(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  return text
    .normalize("NFKC")
    .replaceAll(/\p{Cf}/gu, "")
    .replaceAll(/[^\P{Nd}0-9]/gu, digitOf)
    .replaceAll(/\p{Zs}/gu, " ")
    .replaceAll(/[\p{Pd}\u2212]/gu, "-");
}

/** `plainForm` of `text` without surrounding space; `""` when it is longer than `MAX_IDENTIFIER_CHARS`, so that no later step
 *  costs more than a bounded amount. Lone surrogates and NUL stay as they are and match nothing. */
export function normalForm(text: string): string {
  return text.length > MAX_IDENTIFIER_CHARS ? "" : plainForm(text).trim();
}

/** `normalForm` of `text` without spaces and hyphens: numbers in groups as one run. */
export function bareForm(text: string): string {
  return normalForm(text).replaceAll(/[\s-]/gu, "");
}

/** 0 to 9. Unicode gives the ten digits of a script successive places, and some scripts stand beside one another. */
function digitOf(digit: string): string {
  const place = digit.codePointAt(0) ?? 0;
  let first = place;
  while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first--;
  return String((place - first) % 10);
}

/** `bareForm` of `text` when it can be an identifier at all. */
export function bareKey(text: string): KeyOutcome {
  if (text.length > MAX_IDENTIFIER_CHARS) return keyFault("too-long");
  if (!text.isWellFormed()) return keyFault("not-unicode");
  const bare = bareForm(text);
  return bare === "" ? keyFault("missing") : canonicalForm(bare);
}

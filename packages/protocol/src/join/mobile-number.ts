/** Mobile numbers of the Chinese numbering plan: eleven digits from 13 to 19.
 *  @module */
import { canonicalForm, keyFault, type KeyOutcome } from "./key-outcome.ts";
import { bareKey, normalForm } from "./normal-form.ts";

/** The eleven digits of `text` when it is a mobile number, with or without +86, spaces, hyphens and parentheses, in full-width digits
 *  or normal ones. */
export function mobileDigits(text: string): string | null {
  const number = normalForm(text).replaceAll(/[\s\-()]/g, "");
  return /^(?:\+?86|0086)?(1[3-9][0-9]{9})$/.exec(number)?.[1] ?? null;
}

/** Whether `text` is a mobile number. */
export function isMobileNumber(text: string): boolean {
  return mobileDigits(text) !== null;
}

/** The eleven digits of a mobile number, as `mobileDigits` reads it, or what is wrong with it. */
export function canonicalMobile(text: string): KeyOutcome {
  const digits = mobileDigits(text);
  if (digits !== null) return canonicalForm(digits);
  const bare = bareKey(text);
  if (!bare.ok) return bare;
  // With an extension, or a landline: eleven digits that begin otherwise are no mobile number either.
  const national = bare.key.replaceAll(/[()]/g, "").replace(/^(?:\+?86|0086)/, "");
  if (!/^[0-9]*$/.test(national)) return keyFault("characters");
  return keyFault(national.length === 11 ? "codes" : "length");
}

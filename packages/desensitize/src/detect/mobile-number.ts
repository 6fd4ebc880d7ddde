/** Mobile numbers of the Chinese numbering plan: eleven digits from 13 to 19.
 *  @module */
import { normalForm } from "./normal-form.ts";

/** The eleven digits of `text` when it is a mobile number, with or without +86, spaces and hyphens, in full-width digits or
 *  normal ones. */
export function mobileDigits(text: string): string | null {
  const number = normalForm(text).replaceAll(/[\s\-()]/g, "");
  return /^(?:\+?86|0086)?(1[3-9][0-9]{9})$/.exec(number)?.[1] ?? null;
}

/** Whether `text` is a mobile number. */
export function isMobileNumber(text: string): boolean {
  return mobileDigits(text) !== null;
}

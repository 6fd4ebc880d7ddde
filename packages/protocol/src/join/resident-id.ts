/** Resident identity numbers (公民身份号码), GB 11643-1999: six digits of division, eight of birth date, three of
 *  sequence, one check character by ISO 7064 MOD 11-2.
 *  @module */
import { isCalendarDate } from "./calendar.ts";
import { canonicalForm, keyFault, type KeyOutcome } from "./key-outcome.ts";
import { bareKey } from "./normal-form.ts";
import { PROVINCE_CODES } from "./province-codes.ts";

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2] as const;
const CHECK_CHARACTERS = "10X98765432";

/** Check character of the first 17 digits. @throws RangeError when `digits` is not 17 digits. */
export function residentIdCheckDigit(digits: string): string {
  if (!/^[0-9]{17}$/.test(digits)) throw new RangeError("the check character covers exactly 17 digits");
  const sum = WEIGHTS.reduce((total, weight, i) => total + weight * Number(digits[i]), 0);
  return CHECK_CHARACTERS[sum % 11] ?? "";
}

/** An identity number with a capital X: a division of a province, a birth date of 1900 to 2099, a right check character.
 *  Digits of every script and a lower-case x count as their normal forms; spaces, hyphens and format characters are ignored.
 *  Numbers of fifteen digits are refused, not converted: they have no check character, so that a slip of the pen would be
 *  somebody else's number. */
export function canonicalResidentId(text: string): KeyOutcome {
  const bare = bareKey(text);
  if (!bare.ok) return bare;
  const id = bare.key.toUpperCase();
  if (/^[0-9]{15}$/.test(id)) return keyFault("fifteen-digits");
  if (!/^[0-9]*X?$/.test(id)) return keyFault("characters");
  if (id.length !== 18) return keyFault("length");
  if (!PROVINCE_CODES.has(id.slice(0, 2))) return keyFault("codes");
  if (!hasBirthDate(id)) return keyFault("date");
  if (residentIdCheckDigit(id.slice(0, 17)) !== id[17]) return keyFault("check-character");
  return canonicalForm(id);
}

/** Whether `text` is an identity number, as `canonicalResidentId` reads it. A county that no table knows does not refuse. */
export function isResidentId(text: string): boolean {
  return canonicalResidentId(text).ok;
}

/** Whether the first fourteen digits are a division of a province and a birth date of 1900 to 2099. */
export function hasPlaceAndBirth(id: string): boolean {
  return PROVINCE_CODES.has(id.slice(0, 2)) && hasBirthDate(id);
}

function hasBirthDate(id: string): boolean {
  const year = Number(id.slice(6, 10));
  return year >= 1900 && year <= 2099 && isCalendarDate(year, Number(id.slice(10, 12)), Number(id.slice(12, 14)));
}

/** Resident identity numbers (公民身份号码), GB 11643-1999: six digits of division, eight of birth date, three of
 *  sequence, one check character by ISO 7064 MOD 11-2. The number of before 1999 has fifteen digits and no check character.
 *  @module */
import { isCalendarDate } from "./calendar.ts";
import { isKnownDivision } from "./facts/division-codes.ts";
import { PROVINCE_CODES } from "./facts/province-codes.ts";
import { bareForm } from "./normal-form.ts";

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2] as const;
const CHECK_CHARACTERS = "10X98765432";

/** Check character of the first 17 digits. @throws RangeError when `digits` is not 17 digits. */
export function residentIdCheckDigit(digits: string): string {
  if (!/^[0-9]{17}$/.test(digits)) throw new RangeError("the check character covers exactly 17 digits");
  const sum = WEIGHTS.reduce((total, weight, i) => total + weight * Number(digits[i]), 0);
  return CHECK_CHARACTERS[sum % 11] ?? "";
}

/** Whether `text` is an identity number: a division of a province, a birth date of 1900 to 2099, a right check
 *  character. Digits of every script and a lower-case x count as their normal forms; spaces, hyphens and format characters are
 *  ignored. A county that the table does not know does not refuse: see `hasKnownDivision`. */
export function isResidentId(text: string): boolean {
  const id = bareForm(text).toUpperCase();
  return /^[0-9]{17}[0-9X]$/.test(id) && hasPlaceAndBirth(id) && residentIdCheckDigit(id.slice(0, 17)) === id[17];
}

/** Whether `value` is what a double keeps of an identity number, with its check character or without: all but the last digits.
 *  Province and birth date are right; one of a thousand numbers that begin with a province has a date there by chance. */
export function isRoundedResidentId(value: number): boolean {
  if (!(value >= 1e16 && value < 1e18)) return false;
  return hasPlaceAndBirth(String(BigInt(Math.round(value))));
}

function hasPlaceAndBirth(id: string): boolean {
  const year = Number(id.slice(6, 10));
  return (
    PROVINCE_CODES.has(id.slice(0, 2)) &&
    year >= 1900 &&
    year <= 2099 &&
    isCalendarDate(year, Number(id.slice(10, 12)), Number(id.slice(12, 14)))
  );
}

/** Whether `text` is an identity number of fifteen digits: a county that is known, since there is no check character, and
 *  a birth date of 1900 to 1999. */
export function isShortResidentId(text: string): boolean {
  const id = bareForm(text);
  return (
    /^[0-9]{15}$/.test(id) &&
    isKnownDivision(id.slice(0, 6)) &&
    isCalendarDate(1900 + Number(id.slice(6, 8)), Number(id.slice(8, 10)), Number(id.slice(10, 12)))
  );
}

/** Whether the first six digits are a county that the table knows, of today or revoked. A warning when not, no refusal. */
export function hasKnownDivision(text: string): boolean {
  return isKnownDivision(bareForm(text).slice(0, 6));
}

/** Resident identity numbers (公民身份号码), GB 11643-1999: six digits of division, eight of birth date, three of
 *  sequence, one check character by ISO 7064 MOD 11-2.
 *  @module */
import { isCalendarDate } from "./calendar.ts";

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2] as const;
const CHECK_CHARACTERS = "10X98765432";
/** Provincial divisions of GB/T 2260, and 81 to 83 of residence permits. */
const PROVINCES = new Set(
  "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83".split(" "),
);

/** Check character of the first 17 digits. @throws RangeError when `digits` is not 17 digits. */
export function residentIdCheckDigit(digits: string): string {
  if (!/^[0-9]{17}$/.test(digits)) throw new RangeError("the check character covers exactly 17 digits");
  const sum = WEIGHTS.reduce((total, weight, i) => total + weight * Number(digits[i]), 0);
  return CHECK_CHARACTERS[sum % 11] ?? "";
}

/** Whether `text` is an identity number: a division of a province, a birth date of 1900 to 2099, a right check
 *  character. Full-width digits and a lower-case x count as their normal forms; surrounding space is ignored. */
export function isResidentId(text: string): boolean {
  const id = text.normalize("NFKC").trim().toUpperCase();
  if (!/^[0-9]{17}[0-9X]$/.test(id) || !PROVINCES.has(id.slice(0, 2))) return false;
  const year = Number(id.slice(6, 10));
  if (year < 1900 || year > 2099) return false;
  return (
    isCalendarDate(year, Number(id.slice(10, 12)), Number(id.slice(12, 14))) &&
    residentIdCheckDigit(id.slice(0, 17)) === id[17]
  );
}

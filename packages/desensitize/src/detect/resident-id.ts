/** What tells identity numbers that are not whole: rounded by a double, or of before 1999, with fifteen digits and no check
 *  character. Whole ones are told by `isResidentId` of the protocol.
 *  @module */
import { bareForm, hasPlaceAndBirth, isCalendarDate } from "@sluice/protocol";
import { isKnownDivision } from "./facts/division-codes.ts";

/** Whether `value` is what a double keeps of an identity number, with its check character or without: all but the last digits.
 *  Province and birth date are right; one of a thousand numbers that begin with a province has a date there by chance. */
export function isRoundedResidentId(value: number): boolean {
  if (!(value >= 1e16 && value < 1e18)) return false;
  return hasPlaceAndBirth(String(BigInt(Math.round(value))));
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

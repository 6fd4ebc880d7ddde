/** Whole numbers and days as keys.
 *  @module */
import { dateText, dayNumber } from "./calendar.ts";
import { canonicalForm, keyFault, type KeyOutcome } from "./key-outcome.ts";
import { bareKey, MAX_IDENTIFIER_CHARS, normalForm } from "./normal-form.ts";

/** Digits of the largest whole number: those of a 128-bit one. */
const MAX_DIGITS = 38;

/** A whole number in decimal, without leading zeros and plus sign. Spaces are ignored at both ends only: `1 000` is refused. */
export function canonicalInteger(text: string): KeyOutcome {
  const bare = bareKey(text);
  if (!bare.ok && bare.fault !== "missing") return bare;
  const [, sign, digits] = /^([+-]?)0*([0-9]+)$/.exec(normalForm(text)) ?? [];
  if (digits === undefined) return keyFault(normalForm(text) === "" ? "missing" : "characters");
  if (digits.length > MAX_DIGITS) return keyFault("length");
  return canonicalForm(sign === "-" && digits !== "0" ? `-${digits}` : digits);
}

const DAY_FORMS = [
  /^([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})$/,
  /^([0-9]{4})(年)([0-9]{1,2})月([0-9]{1,2})日$/u,
  /^([0-9]{4})()([0-9]{2})([0-9]{2})$/,
];

/** A day of the years 1 to 9999 as YYYY-MM-DD, read from 2026-01-31, 2026/1/31, 2026.1.31, 20260131 or 2026年1月31日. The year is
 *  always first, and a time of the day is refused. */
export function canonicalDate(text: string): KeyOutcome {
  if (text.length > MAX_IDENTIFIER_CHARS) return keyFault("too-long");
  if (!text.isWellFormed()) return keyFault("not-unicode");
  const normal = normalForm(text);
  if (normal === "") return keyFault("missing");
  const [, year, , month, day] = DAY_FORMS.map((form) => form.exec(normal)).find((match) => match !== null) ?? [];
  if (year === undefined) return keyFault("characters");
  const number = Number(year) === 0 ? null : dayNumber(Number(year), Number(month), Number(day));
  return number === null ? keyFault("date") : canonicalForm(dateText(number));
}

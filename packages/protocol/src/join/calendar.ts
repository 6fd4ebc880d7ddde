/** Dates of the Gregorian calendar.
 *  @module */

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/** Whether the date exists. Months and days count from 1. */
export function isCalendarDate(year: number, month: number, day: number): boolean {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = (DAYS[month - 1] ?? 0) + (month === 2 && leap ? 1 : 0);
  return day >= 1 && day <= days;
}

const DAY_MS = 86_400_000;

/** Days from 1970-01-01 to the date; null when it does not exist. */
export function dayNumber(year: number, month: number, day: number): number | null {
  if (!isCalendarDate(year, month, day)) return null;
  // Date.UTC takes years below 100 for those of the twentieth century.
  return new Date(0).setUTCFullYear(year, month - 1, day) / DAY_MS;
}

/** The date of a day number as YYYY-MM-DD: of the years 1 to 9999. */
export function dateText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** Dates as people and systems write them, of 1850 to 2149.
 *  @module */
import { isCalendarDate, normalForm } from "@sluice/protocol";

const TIME = "(?:[ T][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?";
const SEPARATED = new RegExp(`^([0-9]{4})([-/.])([0-9]{1,2})\\2([0-9]{1,2})${TIME}$`);
const CHINESE = /^([0-9]{4})年()([0-9]{1,2})月([0-9]{1,2})[日号]$/u;
const RUN = /^([0-9]{4})()([0-9]{2})([0-9]{2})$/;

/** Whether `text` is a date of the calendar: 2026-01-31, 2026/1/31, 20260131 or 2026年1月31日, with or without a time. */
export function isDateText(text: string): boolean {
  const normal = normalForm(text);
  const [, year, , month, day] = SEPARATED.exec(normal) ?? CHINESE.exec(normal) ?? RUN.exec(normal) ?? [];
  const years = Number(year);
  return years >= 1850 && years < 2150 && isCalendarDate(years, Number(month), Number(day));
}

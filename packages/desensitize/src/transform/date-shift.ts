/** Dates moved by a number of days that is the same for all dates of one person: intervals between a person's events stay,
 *  the calendar does not. The shift is uniform in [-maxDays, maxDays]: who knows a true date knows the others of that person.
 *  @module */
import { type Bytes, dateText, dayNumber, type Transform } from "@sluice/protocol";
import type { RowColumns, StoredType, StoredValue, ValueContext } from "./column.ts";
import { textSql } from "./keep.ts";
import { hashNumber, hashNumberSql, keyedHash, keyedHashSql } from "./keyed-hash.ts";
import { originOf, originSql } from "./origin.ts";

type DateShift = Extract<Transform, { kind: "dateShift" }>;

const DATE = /^(?<year>\d{4})(?:-(?<month>\d{2})-(?<day>\d{2})|(?<month8>\d{2})(?<day8>\d{2}))$/;
const FIRST_DAY = dayNumber(1, 1, 1) ?? 0;
const LAST_DAY = dayNumber(9_999, 12, 31) ?? 0;

/** The moved date, as YYYY-MM-DD; null when `value` is no date of the years 1 to 9999, or the moved one is none. Dates are
 *  written YYYY-MM-DD or YYYYMMDD. */
export function shiftDate({ maxDays }: DateShift, value: StoredValue, context: ValueContext): string | null {
  const { year, month, day, month8, day8 } = DATE.exec(String(value))?.groups ?? {};
  const stored = dayNumber(Number(year), Number(month ?? month8), Number(day ?? day8));
  if (stored === null || stored < FIRST_DAY) return null;
  const moved = stored + shiftOf(maxDays, context.tokenKey, originOf(context));
  return moved < FIRST_DAY || moved > LAST_DAY ? null : dateText(moved);
}

function shiftOf(maxDays: number, tokenKey: Bytes, origin: string): number {
  return (hashNumber(keyedHash("date-shift", tokenKey, prefix(maxDays) + origin), 0) % (2 * maxDays + 1)) - maxDays;
}

/** Shifts of two ranges have nothing to do with each other. */
function prefix(maxDays: number): string {
  return `${maxDays}:`;
}

/** The same of an SQL expression. */
export function shiftDateSql({ maxDays }: DateShift, source: string, stored: StoredType, columns: RowColumns): string {
  const text = textSql(source, stored);
  const iso = `regexp_full_match(${text}, '[0-9]{4}-[0-9]{2}-[0-9]{2}')`;
  const eight = `regexp_full_match(${text}, '[0-9]{8}')`;
  const dashed = `left(${text}, 4) || '-' || substr(${text}, 5, 2) || '-' || substr(${text}, 7, 2)`;
  // TRY_CAST, never strptime: what does not exist is NULL, and no message carries it.
  const date = `TRY_CAST(CASE WHEN ${iso} THEN ${text} WHEN ${eight} THEN ${dashed} END AS DATE)`;
  const number = hashNumberSql(keyedHashSql("date-shift", `'${prefix(maxDays)}' || ${originSql(columns)}`), 0);
  const moved = `${date} + CAST(${number} % ${2 * maxDays + 1} - ${maxDays} AS INTEGER)`;
  const inside = `BETWEEN DATE '0001-01-01' AND DATE '9999-12-31'`;
  return `CASE WHEN ${date} ${inside} AND ${moved} ${inside} THEN CAST(${moved} AS VARCHAR) END`;
}

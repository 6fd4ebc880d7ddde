/** Days, months and years as they are counted in China: Asia/Shanghai, which has been UTC+8 without summer time since 1991.
 *  @module */

const OFFSET_MS = 8 * 3_600_000;

/** The calendar day in Asia/Shanghai of an RFC 3339 instant: `2026-12-31T16:00:00.000Z` is `2027-01-01`. */
export function chinaDay(instant: string): string {
  return new Date(Date.parse(instant) + OFFSET_MS).toISOString().slice(0, "2026-11-30".length);
}

/** Its calendar month: `2026-11`. */
export function chinaMonth(instant: string): string {
  return chinaDay(instant).slice(0, "2026-11".length);
}

/** Its calendar year: `2026`. */
export function chinaYear(instant: string): string {
  return chinaDay(instant).slice(0, "2026".length);
}

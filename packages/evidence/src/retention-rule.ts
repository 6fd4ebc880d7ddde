/** How long entries of a log are kept at least. Rules of cities ask for two or three years; the longest holds for all.
 *  @module */
import { SluiceError } from "@sluice/protocol";

/** Years for which entries are kept at least. An operator may keep them longer, never shorter. */
export const LOG_RETENTION_YEARS = 3;
/** Most years that can be asked for. */
export const MAX_RETENTION_YEARS = 100;

const DAY_MS = 86_400_000;

/** First day, as its beginning in UTC, on which entries that came before `before` may be removed: the first that begins
 *  when `years` have passed. */
export function removableFrom(before: Date, years: number): Date {
  const passed = new Date(before);
  passed.setUTCFullYear(passed.getUTCFullYear() + years);
  return new Date(Math.ceil(passed.getTime() / DAY_MS) * DAY_MS);
}

/** Passes when entries that came before `before` may be removed at `now`.
 *  @throws ERR_RETENTION naming the rule and the first day on which they may; ERR_BODY_INVALID when `years` are too few */
export function assertRemovable(before: Date, now: Date, years: number): void {
  if (!Number.isSafeInteger(years) || years < LOG_RETENTION_YEARS || years > MAX_RETENTION_YEARS) {
    const expected = `whole years from ${LOG_RETENTION_YEARS}, the longest rule, to ${MAX_RETENTION_YEARS}`;
    throw new SluiceError("ERR_BODY_INVALID", { pointer: "/logRetentionYears", expected });
  }
  const from = removableFrom(before, years);
  if (now >= from) return;
  const day = from.toISOString().slice(0, "yyyy-mm-dd".length);
  throw new SluiceError("ERR_RETENTION", { years, before: before.toISOString(), day });
}

/** Amounts, instants and keys as a Chinese reader expects them. Time is Beijing time (UTC+8, without summer time).
 *  @module */
import type { Instant, KeyId, Sha256Hex } from "@sluice/protocol";

const BEIJING_OFFSET_MS = 8 * 3_600_000;
const DAY_MS = 86_400_000;
const WAN = 10_000n;
const YI = 100_000_000n;

/** A whole number of `unit` with thousands marked, and in 万 or 亿 where that is exact: `1,000,000 条（100 万）`. */
export function amountText(amount: string | bigint, unit: string): string {
  const value = BigInt(amount);
  const short = shortAmount(value);
  const grouped = value.toString().replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
  return short === value.toString() ? `${grouped} ${unit}` : `${grouped} ${unit}（${short}）`;
}

/** The same for a large figure: `100 万`. */
export function shortAmount(amount: string | bigint): string {
  const value = BigInt(amount);
  if (value >= YI && value % (YI / 100n) === 0n) return `${hundredths(value, YI)} 亿`;
  if (value >= WAN && value % (WAN / 100n) === 0n) return `${hundredths(value, WAN)} 万`;
  return value.toString();
}

function hundredths(value: bigint, unit: bigint): string {
  const part = (value % unit) / (unit / 100n);
  return `${value / unit}${part === 0n ? "" : `.${part.toString().padStart(2, "0").replace(/0$/, "")}`}`;
}

/** `2026年11月21日`, or the text itself when it is no time. */
export function dayText(instant: Instant): string {
  const date = beijing(instant);
  return date === null
    ? `${instant}（不是有效时间）`
    : `${date.getUTCFullYear()}年${date.getUTCMonth() + 1}月${date.getUTCDate()}日`;
}

/** The same with hour and minute. */
export function minuteText(instant: Instant): string {
  const date = beijing(instant);
  return date === null ? dayText(instant) : `${dayText(instant)} ${date.toISOString().slice(11, 16)}`;
}

function beijing(instant: Instant): Date | null {
  const time = Date.parse(instant);
  return Number.isNaN(time) ? null : new Date(time + BEIJING_OFFSET_MS);
}

/** Whole days from one instant to another, rounded; null when one of them is no time. */
export function daysBetween(from: Instant, to: Instant): number | null {
  const days = Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS);
  return Number.isNaN(days) ? null : days;
}

/** First and last eight characters of a key id, which a person can hold against the key that was handed over. */
export function keyFingerprint(keyId: KeyId): string {
  const key = keyId.slice(keyId.indexOf(":") + 1);
  return `${key.slice(0, 8)}…${key.slice(-8)}`;
}

/** First 16 digits of a hash, in fours. */
export function hashFingerprint(hash: Sha256Hex): string {
  return (hash.slice(0, 16).match(/.{4}/g) ?? []).join(" ");
}

/** A share as a percentage. */
export function percentText(share: number): string {
  return `${Number((share * 100).toFixed(2))}%`;
}

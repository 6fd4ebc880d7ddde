/** Buckets: a number replaced by the lower bound of the bucket that holds it.
 *  @module */
import type { Transform } from "@sluice/protocol";
import { doubleLiteral, finiteSql } from "./sql-text.ts";

type Bucket = Extract<Transform, { kind: "bucket" }>;

/** Lower bound of the bucket of `number`; everything from `max` up is in the bucket that starts at or just below `max`. A number
 *  that is not finite has none. */
export function bucket({ width, min, max }: Bucket, number: number): number | null {
  if (!Number.isFinite(number)) return null;
  const clamped = Math.min(Math.max(number, min), max);
  return min + Math.floor((clamped - min) / width) * width;
}

/** The bucket of an SQL expression. */
export function bucketSql({ width, min, max }: Bucket, source: string): string {
  const [w, low, high] = [doubleLiteral(width), doubleLiteral(min), doubleLiteral(max)];
  const clamped = `least(greatest(${finiteSql(source)}, ${low}), ${high})`;
  // least and greatest skip nulls, so that a null would become a bound.
  return `CASE WHEN ${finiteSql(source)} IS NOT NULL THEN ${low} + floor((${clamped} - ${low}) / ${w}) * ${w} END`;
}

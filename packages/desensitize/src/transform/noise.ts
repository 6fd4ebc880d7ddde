/** Numbers with uniform noise in [-amplitude, amplitude], keyed: the same row always has the same noise, so that asking again
 *  averages nothing out. This is not differential privacy: it blurs a number by a bounded amount that everybody knows, gives
 *  no guarantee about a person, and two scenes have two noises of which the mean is nearer to the truth.
 *  @module */
import type { Transform } from "@sluice/protocol";
import type { RowColumns, StoredType, StoredValue, ValueContext } from "./column.ts";
import { keep, keepSql } from "./keep.ts";
import { HASH_NUMBERS, hashNumber, hashNumberSql, keyedHash, keyedHashSql } from "./keyed-hash.ts";
import { originOf, originSql } from "./origin.ts";
import { doubleLiteral, quoteText } from "./sql-text.ts";

type Noise = Extract<Transform, { kind: "noise" }>;

/** `value` with its noise, within the rule's bounds; null when it is no number that could be kept, or becomes none. Whole
 *  numbers stay whole. */
export function addNoise(transform: Noise, value: StoredValue, context: ValueContext): number | null {
  const { amplitude, min = -Infinity, max = Infinity } = transform;
  const kept = value === null ? null : keep(value, context.type);
  if (typeof kept !== "number") return null;
  const { subject, row } = context;
  const origin = originOf(transform.per === "row" ? { row } : { subject, row });
  const number = hashNumber(keyedHash("noise", context.tokenKey, prefix(transform, context.name ?? "") + origin), 0);
  const noise =
    context.type === "integer"
      ? (number % (2 * amplitude + 1)) - amplitude
      : ((2 * number - HASH_NUMBERS) / HASH_NUMBERS) * amplitude;
  return keep(Math.min(Math.max(kept + noise, min), max), context.type) as number | null;
}

/** The same of an SQL expression for the column `name`. */
export function addNoiseSql(
  transform: Noise,
  { name, source, stored }: { readonly name: string; readonly source: string; readonly stored: StoredType },
  { subject, rowId }: RowColumns,
): string {
  const { amplitude, per, min, max } = transform;
  const origin = originSql(per === "row" ? { rowId } : { subject, rowId });
  const number = hashNumberSql(keyedHashSql("noise", `${quoteText(prefix(transform, name))} || ${origin}`), 0);
  const whole = stored === "integer";
  const literal = (bound: number): string => (whole ? `CAST(${bound} AS BIGINT)` : doubleLiteral(bound));
  const noise = whole
    ? `(${number} % ${2 * amplitude + 1} - ${amplitude})`
    : `CAST(2 * ${number} - ${HASH_NUMBERS} AS DOUBLE) / ${doubleLiteral(HASH_NUMBERS)} * ${doubleLiteral(amplitude)}`;
  const sum = `${keepSql(source, stored)} + ${noise}`;
  const above = min === undefined ? sum : `greatest(${sum}, ${literal(min)})`;
  const clamped = max === undefined ? above : `least(${above}, ${literal(max)})`;
  // least and greatest skip nulls, so that a null would become a bound.
  return `CASE WHEN ${keepSql(source, stored)} IS NOT NULL THEN ${keepSql(`(${clamped})`, stored)} END`;
}

/** Columns of one person have noises that have nothing to do with each other, and so have two rules for one column: of one noise
 *  at two scales, their difference would tell the number. */
function prefix({ amplitude, per = "subject", min, max }: Noise, name: string): string {
  return `${name.length}:${name}:${amplitude}:${per}:${min ?? ""}:${max ?? ""}:`;
}

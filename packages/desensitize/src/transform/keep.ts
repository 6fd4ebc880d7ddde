/** Values as stored, in the forms that jobs see.
 *  @module */
import type { ShownValue, StoredType } from "./column.ts";
import { finiteSql } from "./sql-text.ts";

/** `value` itself; integers outside 32 bits and numbers that are not finite become null. */
export function keep(value: string | number | bigint | boolean, type: StoredType): ShownValue {
  switch (type) {
    case "text":
    case "date":
      return String(value);
    case "boolean":
      return Boolean(value);
    case "integer":
      return (Number(value) | 0) === Number(value) ? Number(value) : null;
    case "decimal":
      return Number.isFinite(Number(value)) ? Number(value) : null;
  }
}

/** The same of an SQL expression. */
export function keepSql(source: string, stored: StoredType): string {
  switch (stored) {
    case "text":
    case "date":
      return textSql(source, stored);
    case "integer":
      return `TRY_CAST(${source} AS INTEGER)`;
    case "decimal":
      return finiteSql(source);
    case "boolean":
      return `TRY_CAST(${source} AS BOOLEAN)`;
  }
}

/** A stored value as text: what masks, tokens and prefixes are of. */
export function textSql(source: string, stored: StoredType): string {
  return stored === "date" ? `CAST(TRY_CAST(${source} AS DATE) AS VARCHAR)` : `CAST(${source} AS VARCHAR)`;
}

/** From values as they stand in a file to the five stored types, in SQL. Nothing is rounded, cut or nulled on the
 *  way: a value that does not fit its type is counted, and the import is refused.
 *
 *  | type | stored as | accepted text |
 *  |---|---|---|
 *  | text | VARCHAR | any |
 *  | integer | BIGINT | sign and digits, within ±(2^53 - 1) |
 *  | decimal | DOUBLE (binary64: the nearest number of 53 bits) | decimal notation with optional exponent |
 *  | boolean | BOOLEAN | true, false in any case; 1, 0 where the field is declared so |
 *  | date | DATE | YYYY-MM-DD of the calendar |
 *  @module */
import type { ResourceField } from "@sluice/protocol";
import type { Session } from "./engine.ts";
import { quoteIdentifier } from "./engine.ts";

/** How a resource stores a column. */
export type StoredType = ResourceField["type"];

/** A column as a file offers it. */
export interface SourceColumn {
  /** Field name. */
  readonly name: string;
  /** The value as SQL, of the engine type that `native` is stored as. */
  readonly expression: string;
  /** Type by which the file itself holds the values; `text` in a CSV. */
  readonly native: StoredType;
}

const ENGINE_TYPES = {
  text: "VARCHAR",
  integer: "BIGINT",
  decimal: "DOUBLE",
  boolean: "BOOLEAN",
  date: "DATE",
} as const satisfies Record<StoredType, string>;

/** The value of `column` as `type`; NULL where it does not fit, see `fits`. */
export function castExpression(column: SourceColumn, type: StoredType): string {
  if (column.native === type) return column.expression;
  return `TRY_CAST(${textForm(column)} AS ${ENGINE_TYPES[type]})`;
}

/** Whether the value of `column` can be `type` without loss; for NULL the answer has no meaning. */
export function fits(column: SourceColumn, type: StoredType): string {
  const text = textForm(column);
  switch (type) {
    case "text":
      return "true";
    case "integer": {
      const inRange = `abs(${castExpression(column, type)}::HUGEINT) <= ${Number.MAX_SAFE_INTEGER}`;
      return column.native === "integer" ? inRange : `(${matches(text, "[+-]?[0-9]{1,18}")} AND ${inRange})`;
    }
    case "decimal": {
      const finite = `isfinite(${castExpression(column, type)})`;
      if (column.native === "decimal") return finite;
      return `(${matches(text, String.raw`[+-]?[0-9]{1,300}(\.[0-9]{1,300})?([eE][+-]?[0-9]{1,3})?`)} AND ${finite})`;
    }
    case "boolean":
      return column.native === "boolean" ? "true" : `lower(${text}) IN ('true', 'false', '1', '0')`;
    case "date":
      if (column.native === "date") return "true";
      return `(${matches(text, "[0-9]{4}-[0-9]{2}-[0-9]{2}")} AND TRY_CAST(${text} AS DATE) IS NOT NULL)`;
  }
}

/** Narrower than `fits`: what a column without a declaration is taken for. Digits with a leading zero, and more than
 *  15 digits, are codes or identifiers and stay text. */
const INFERRED: readonly { readonly type: StoredType; readonly rule: (text: string) => string }[] = [
  { type: "boolean", rule: (text) => `lower(${text}) IN ('true', 'false')` },
  {
    type: "date",
    rule: (text) => `${matches(text, "[0-9]{4}-[0-9]{2}-[0-9]{2}")} AND TRY_CAST(${text} AS DATE) IS NOT NULL`,
  },
  { type: "integer", rule: (text) => matches(text, "-?(0|[1-9][0-9]{0,14})") },
  {
    type: "decimal",
    rule: (text) => matches(text, String.raw`-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,17})?([eE][+-]?[0-9]{1,2})?`),
  },
];

/** Types of text columns, from every row of `table`. A column without any value is text. @throws EngineFault */
export async function inferTypes(
  session: Session,
  table: string,
  columns: readonly SourceColumn[],
): Promise<StoredType[]> {
  const tests = columns.flatMap(({ expression }) => INFERRED.map(({ rule }) => `bool_and(${rule(expression)})`));
  const [row = []] = await session.rows(`SELECT ${tests.join(", ")} FROM ${quoteIdentifier(table)}`);
  return columns.map((_, i) => INFERRED.find((_, j) => row[i * INFERRED.length + j] === true)?.type ?? "text");
}

/** `expression` matches `pattern` whole. */
function matches(expression: string, pattern: string): string {
  return `regexp_full_match(${expression}, '${pattern}')`;
}

function textForm(column: SourceColumn): string {
  return column.native === "text" ? column.expression : `CAST(${column.expression} AS VARCHAR)`;
}

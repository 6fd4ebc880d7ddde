/** The view of a job as SQL for DuckDB: one SELECT whose expressions are the policy's transforms.
 *  Identifiers are quoted, keys are bound parameters, and no expression can fail on a value: an engine's
 *  message would carry it.
 *  @module */
import type { Bytes, ColumnType, Policy, ResourceDescription, Transform } from "@sluice/protocol";
import { shownColumn, type StoredType, type ViewColumn } from "./policy/columns.ts";
import { TOKEN_BYTES, tokenKeyBlocks } from "./token-key.ts";

/** A statement, the columns it yields, and what to bind to its named parameters, as BLOBs. Parameters are secrets. */
export interface ViewSql {
  readonly sql: string;
  readonly columns: { readonly name: string; readonly type: ColumnType }[];
  /** Exactly the parameters the statement uses, by name without `$`. */
  readonly parameters: Record<string, Bytes>;
}

/** Where a view reads from. */
export interface ViewSource {
  /** Name of the table, unquoted. */
  readonly table: string;
  /** Columns wanted, each shown by the policy, in the order wanted. */
  readonly fields: readonly string[];
  /** Key of this scene's tokens, 16 to 64 bytes. */
  readonly tokenKey: Bytes;
  /** Column that numbers the table's rows; when given, rows come in its order. */
  readonly rowId?: string;
}

/** The SELECT of every row of the table under `policy`.
 *  @throws ERR_POLICY when a field is not shown; RangeError when the token key is too short or too long. */
export function viewSql(policy: Policy, resource: ResourceDescription, source: ViewSource): ViewSql {
  const columns = source.fields.map((name) => shownColumn(policy, resource, name));
  const order = source.rowId === undefined ? "" : ` ORDER BY ${quoteIdentifier(source.rowId)}`;
  return {
    sql: `SELECT ${selectList(columns)} FROM ${quoteIdentifier(source.table)}${order}`,
    columns: columns.map(({ name, type }) => ({ name, type })),
    parameters: tokenParameters(columns, source.tokenKey),
  };
}

/** Comma-separated expressions of `columns`, each under the column's own name. */
export function selectList(columns: readonly ViewColumn[]): string {
  return columns.map((column) => `${columnExpression(column)} AS ${quoteIdentifier(column.name)}`).join(", ");
}

/** Key blocks for the tokens of `columns`: empty when none is tokenized, because binding a name that a
 *  statement does not use is an error. */
export function tokenParameters(columns: readonly ViewColumn[], tokenKey: Bytes): Record<string, Bytes> {
  const { inner, outer } = tokenKeyBlocks(tokenKey);
  const tokenized = columns.some(({ rule }) => rule.transform.kind === "token");
  return tokenized ? { tokenKeyInner: inner, tokenKeyOuter: outer } : {};
}

/** The transformed value of one column as an SQL expression. */
export function columnExpression({ name, stored, rule }: ViewColumn): string {
  const source = quoteIdentifier(name);
  const { transform } = rule;
  switch (transform.kind) {
    case "drop":
      return "NULL";
    case "keep":
      return keptExpression(source, stored);
    case "mask":
      return maskExpression(textExpression(source, stored), transform.keepFirst, transform.keepLast);
    case "token":
      return tokenExpression(textExpression(source, stored));
    case "generalize":
      return `left(${textExpression(source, stored)}, ${transform.length})`;
    case "bucket":
      return bucketExpression(source, transform);
  }
}

/** `name` as a quoted SQL identifier. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function keptExpression(source: string, stored: StoredType): string {
  switch (stored) {
    case "text":
    case "date":
      return textExpression(source, stored);
    case "integer":
      return `TRY_CAST(${source} AS INTEGER)`;
    case "decimal":
      return finiteExpression(source);
    case "boolean":
      return `TRY_CAST(${source} AS BOOLEAN)`;
  }
}

function textExpression(source: string, stored: StoredType): string {
  return stored === "date" ? `CAST(TRY_CAST(${source} AS DATE) AS VARCHAR)` : `CAST(${source} AS VARCHAR)`;
}

function finiteExpression(source: string): string {
  const number = `TRY_CAST(${source} AS DOUBLE)`;
  return `CASE WHEN isfinite(${number}) THEN ${number} END`;
}

function maskExpression(text: string, keepFirst: number, keepLast: number): string {
  const shown = keepFirst + keepLast;
  const masked = `left(${text}, ${keepFirst}) || repeat('*', length(${text}) - ${shown}) || right(${text}, ${keepLast})`;
  return `CASE WHEN length(${text}) <= ${shown} THEN repeat('*', length(${text})) ELSE ${masked} END`;
}

/** HMAC-SHA-256 (RFC 2104) out of the engine's SHA-256, which yields hexadecimal. */
function tokenExpression(text: string): string {
  const inner = `unhex(sha256($tokenKeyInner || encode(${text})))`;
  return `left(sha256($tokenKeyOuter || ${inner}), ${2 * TOKEN_BYTES})`;
}

function bucketExpression(source: string, { width, min, max }: Extract<Transform, { kind: "bucket" }>): string {
  const [w, low, high] = [numberLiteral(width), numberLiteral(min), numberLiteral(max)];
  const clamped = `least(greatest(${finiteExpression(source)}, ${low}), ${high})`;
  // least and greatest skip nulls, so that a null would become a bound.
  return `CASE WHEN ${finiteExpression(source)} IS NOT NULL THEN ${low} + floor((${clamped} - ${low}) / ${w}) * ${w} END`;
}

/** A double with exactly this value: a bare `0.1` would be a DECIMAL. */
function numberLiteral(number: number): string {
  return `CAST('${number}' AS DOUBLE)`;
}

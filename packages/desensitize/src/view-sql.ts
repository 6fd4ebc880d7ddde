/** The view of a job as SQL for DuckDB: one SELECT whose expressions are the policy's transforms.
 *  Identifiers are quoted, keys are bound parameters, and no expression can fail on a value: an engine's
 *  message would carry it.
 *  @module */
import { topLevel, type Bytes, type ColumnType, type Policy, type ResourceDescription } from "@sluice/protocol";
import { outsideSql } from "./hierarchy/hierarchy-sql.ts";
import { shownColumn, type ViewColumn } from "./policy/columns.ts";
import { bucketSql } from "./transform/bucket.ts";
import type { RowColumns } from "./transform/column.ts";
import { shiftDateSql } from "./transform/date-shift.ts";
import { fakeSql } from "./transform/fake.ts";
import { encipherParameters, encipherSql } from "./transform/fpe.ts";
import { atLevelSql } from "./transform/hierarchy.ts";
import { keepSql, textSql } from "./transform/keep.ts";
import { keyFor, keyedHashParameters } from "./transform/keyed-hash.ts";
import { maskSql } from "./transform/mask.ts";
import { addNoiseSql } from "./transform/noise.ts";
import { quoteIdentifier } from "./transform/sql-text.ts";
import { tokenSql } from "./transform/token.ts";

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
  /** Column of the table whose values tell the persons apart; without it, each row is about another. */
  readonly subject?: string;
}

/** The SELECT of every row of the table under `policy`. VECTOR_FUNCTIONS must be registered with the engine.
 *  @throws ERR_POLICY when a field is not shown; RangeError when the token key is too short or too long, or a transform needs
 *    the persons or the rows and the source tells neither. */
export function viewSql(policy: Policy, resource: ResourceDescription, source: ViewSource): ViewSql {
  const columns = source.fields.map((name) => shownColumn(policy, resource, name));
  const order = source.rowId === undefined ? "" : ` ORDER BY ${quoteIdentifier(source.rowId)}`;
  return {
    sql: `SELECT ${selectList(columns, source)} FROM ${quoteIdentifier(source.table)}${order}`,
    columns: columns.map(({ name, type }) => ({ name, type })),
    parameters: keyParameters(columns, source.tokenKey),
  };
}

/** Comma-separated expressions of `columns`, each under the column's own name. */
export function selectList(columns: readonly ViewColumn[], rows: RowColumns): string {
  return columns.map((column) => `${columnExpression(column, rows)} AS ${quoteIdentifier(column.name)}`).join(", ");
}

/** Keys for the transforms of `columns`: no other, because binding a name that a statement does not use is an error.
 *  @throws RangeError when the token key is not 16 to 64 bytes */
export function keyParameters(columns: readonly ViewColumn[], tokenKey: Bytes): Record<string, Bytes> {
  keyFor("token", tokenKey);
  return Object.assign({}, ...columns.map((column) => parametersOf(column, tokenKey))) as Record<string, Bytes>;
}

function parametersOf({ rule: { transform } }: ViewColumn, tokenKey: Bytes): Record<string, Bytes> {
  switch (transform.kind) {
    case "token":
      return transform.hash === "sm3"
        ? { tokenSm3Key: keyFor("token-sm3", tokenKey) }
        : keyedHashParameters("token", tokenKey);
    case "dateShift":
      return keyedHashParameters("date-shift", tokenKey);
    case "noise":
    case "fake":
      return keyedHashParameters(transform.kind, tokenKey);
    case "fpe":
      return encipherParameters(transform, tokenKey);
    case "drop":
    case "keep":
    case "mask":
    case "generalize":
    case "bucket":
    case "hierarchy":
      return {};
  }
}

/** The transformed value of one column as an SQL expression. */
export function columnExpression({ name, stored, rule, hierarchy }: ViewColumn, rows: RowColumns): string {
  const source = quoteIdentifier(name);
  const { transform } = rule;
  switch (transform.kind) {
    case "drop":
      return "NULL";
    case "keep":
      return keepSql(source, stored);
    case "mask":
      return maskSql(transform, textSql(source, stored));
    case "token":
      return tokenSql(transform, textSql(source, stored));
    case "generalize":
      return `left(${textSql(source, stored)}, ${transform.length})`;
    case "bucket":
      return bucketSql(transform, source);
    case "hierarchy":
      return atLevelSql(transform, source, hierarchy);
    case "dateShift":
      return shiftDateSql(transform, source, stored, rows);
    case "noise":
      return addNoiseSql(transform, { name, source, stored }, rows);
    case "fpe":
      return encipherSql(transform, textSql(source, stored));
    case "fake":
      return fakeSql(transform, textSql(source, stored));
  }
}

/** Rows for which the transform of a column has nothing to show, as a condition: where a value is stored, a null or, in a
 *  hierarchy, a `*` that is not the highest level. Null for a transform that takes every value that an import lets in. */
export function failureExpression(column: ViewColumn, rows: RowColumns): string | null {
  const { rule, stored, hierarchy } = column;
  const source = quoteIdentifier(column.name);
  switch (rule.transform.kind) {
    case "hierarchy": {
      if (hierarchy === undefined || rule.transform.level === topLevel(hierarchy)) return null;
      const outside = outsideSql(hierarchy, source);
      return outside === "false" ? null : outside;
    }
    case "keep":
      if (stored !== "integer") return null;
      break;
    case "dateShift":
    case "noise":
    case "fpe":
      break;
    case "drop":
    case "mask":
    case "token":
    case "generalize":
    case "bucket":
    case "fake":
      return null;
  }
  return `(${source} IS NOT NULL AND ${columnExpression(column, rows)} IS NULL)`;
}

/** What quality rules compile from and to, and the pieces of SQL that they share.
 *  @module */
import type { FieldType } from "@sluice/protocol";
import { quoteIdentifier } from "../transform/sql-text.ts";

/** Parameters of a statement, by name. */
export type QualityParameters = Record<string, string | number | readonly string[]>;

/** Stored types of the columns of a table, by name. */
export type FieldTypes = ReadonlyMap<string, FieldType>;

/** The columns of the table, and where rules find other tables. */
export interface RuleContext {
  readonly types: FieldTypes;
  /** A table of the domain: what to read it from in SQL, and its columns; null when there is none. */
  readonly reference: (resource: string) => { readonly from: string; readonly types: FieldTypes } | null;
}

/** A rule in two steps: an expression per row, and what is counted over its values in column `c`. */
export interface RuleSql {
  /** Per row true (passes), false (fails) or NULL (not judged), unless `judged` and `passed` say otherwise. */
  readonly row: string;
  readonly judged: (c: string) => string;
  /** A number of rows; for the latest day, its text. */
  readonly passed: (c: string) => string;
  readonly parameters: QualityParameters;
}

/** A rule of which each row is judged by itself. */
export function rowRule(row: string, parameters: QualityParameters = {}): RuleSql {
  return { row, judged: (c) => `count(${c})`, passed: (c) => `count(*) FILTER (${c})`, parameters };
}

/** A list of texts that is bound as a parameter. */
export function listOf(parameter: string): string {
  return `CAST($${parameter} AS VARCHAR[])`;
}

/** Whether `value` is one of what `members` selects, which has no NULL; NULL for NULL. */
export function memberOf(value: string, members: string): string {
  return `CASE WHEN ${value} IS NOT NULL THEN ${value} IN (${members}) END`;
}

/** What a detector can look at in a column; null for columns that have no text form of their own. */
export function textOf(field: string, type: FieldType | undefined): string | null {
  const column = quoteIdentifier(field);
  if (type === "text") return column;
  return type === "integer" || type === "date" ? `CAST(${column} AS VARCHAR)` : null;
}

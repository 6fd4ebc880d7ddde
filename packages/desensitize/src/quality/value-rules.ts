/** Rules on one column's values as SQL: whether there is one (完整性), and whether it may be (有效性).
 *  @module */
import type { FieldType, QualityRule } from "@sluice/protocol";
import { quoteIdentifier } from "../transform/sql-text.ts";
import { FORM_RIGHT, formFunction } from "./forms.ts";
import { listOf, memberOf, rowRule, textOf, type FieldTypes, type RuleSql } from "./rule-context.ts";

/** Separators, controls and marks that nobody sees: what a blank text has. */
const BLANK = String.raw`[\p{Z}\p{Cc}\p{Cf}]+`;

/** SQL of a completeness rule; null when it does not fit the table. */
export function completenessSql(
  { field, missing }: Extract<QualityRule, { type: "completeness" }>,
  types: FieldTypes,
  prefix: string,
): RuleSql | null {
  const type = types.get(field);
  if (type === undefined) return null;
  const column = quoteIdentifier(field);
  const tests = [`${column} IS NOT NULL`];
  const parameter = `${prefix}_missing`;
  // Of a column of decimals the words are numbers: its text form has digits that nobody wrote.
  const words = type === "decimal" ? missing?.flatMap(numberWord) : missing;
  if (type === "decimal") tests.push(`isfinite(${column})`);
  let value = type === "decimal" ? column : `CAST(${column} AS VARCHAR)`;
  if (type === "text") {
    value = `regexp_replace(${column}, '^${BLANK}|${BLANK}$', '', 'g')`;
    tests.push(`${value} <> ''`);
  }
  if (words === undefined || words.length === 0) return rowRule(filled(tests));
  const list = type === "decimal" ? `CAST(${listOf(parameter)} AS DOUBLE[])` : listOf(parameter);
  tests.push(`NOT list_contains(${list}, ${value})`);
  return rowRule(filled(tests), { [parameter]: words });
}

function numberWord(word: string): string[] {
  const number = word.trim() === "" ? Number.NaN : Number(word);
  return Number.isFinite(number) ? [String(number)] : [];
}

function filled(tests: readonly string[]): string {
  return `coalesce(${tests.join(" AND ")}, false)`;
}

/** SQL of a validity rule; null when it does not fit the table. */
export function validitySql(
  rule: Extract<QualityRule, { type: "validity" }>,
  types: FieldTypes,
  prefix: string,
): RuleSql | null {
  const type = types.get(rule.field);
  switch (rule.check) {
    case "form": {
      const text = textOf(rule.field, type);
      return text === null ? null : rowRule(`(${formFunction(rule.form)}(${text}) = ${FORM_RIGHT})`);
    }
    case "range":
      return rangeSql(rule, type, prefix);
    case "values": {
      if (type === undefined || type === "decimal") return null;
      const parameter = `${prefix}_values`;
      const text = `CAST(${quoteIdentifier(rule.field)} AS VARCHAR)`;
      return rowRule(memberOf(text, `SELECT unnest(${listOf(parameter)})`), { [parameter]: rule.values });
    }
  }
}

function rangeSql(
  { field, min, max }: Extract<QualityRule, { check: "range" }>,
  type: FieldType | undefined,
  prefix: string,
): RuleSql | null {
  if (type !== "date" && type !== "integer" && type !== "decimal") return null;
  if ((type === "date") !== (typeof (min ?? max) === "string")) return null;
  const engineType = type === "date" ? "DATE" : "DOUBLE";
  const value = `CAST(${quoteIdentifier(field)} AS ${engineType})`;
  // The engine takes NaN for the largest number, and has dates without end.
  const tests = [`isfinite(${value})`];
  const parameters: Record<string, string | number> = {};
  for (const [name, comparison, bound] of [["min", ">=", min] as const, ["max", "<=", max] as const]) {
    if (bound === undefined) continue;
    parameters[`${prefix}_${name}`] = bound;
    tests.push(`${value} ${comparison} CAST($${prefix}_${name} AS ${engineType})`);
  }
  return rowRule(`(${tests.join(" AND ")})`, parameters);
}

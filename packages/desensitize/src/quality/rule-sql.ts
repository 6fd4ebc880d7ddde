/** One quality rule as SQL for DuckDB. Nothing in it throws on a value. Bounds, words and values are parameters of the statement;
 *  names are quoted.
 *  @module */
import type { QualityRule } from "@sluice/protocol";
import { quoteIdentifier } from "../transform/sql-text.ts";
import { accuracySql, consistencySql } from "./relation-rules.ts";
import { rowRule, type FieldTypes, type RuleContext, type RuleSql } from "./rule-context.ts";
import { completenessSql, validitySql } from "./value-rules.ts";

/** Parameter that holds the day after the day of the measurement. */
export const TOMORROW = "tomorrow";

/** SQL of `rule`; null when the table is not such that it can be judged. `prefix` begins the names of its parameters. */
export function ruleSql(rule: QualityRule, context: RuleContext, prefix: string): RuleSql | null {
  switch (rule.type) {
    case "completeness":
      return completenessSql(rule, context.types, prefix);
    case "validity":
      return validitySql(rule, context.types, prefix);
    case "consistency":
      return consistencySql(rule, context.types);
    case "accuracy":
      return accuracySql(rule, context, prefix);
    case "timeliness":
      return rule.check === "imported" ? rowRule("true") : newestSql(rule.field, context.types);
  }
}

/** Days after tomorrow are mistakes: one of them would keep a table young for ever. Tomorrow is today further east. */
function newestSql(field: string, types: FieldTypes): RuleSql | null {
  if (types.get(field) !== "date") return null;
  return {
    ...rowRule(quoteIdentifier(field)),
    passed: (c) => `CAST(max(${c}) FILTER (isfinite(${c}) AND ${c} <= CAST($${TOMORROW} AS DATE)) AS VARCHAR)`,
  };
}

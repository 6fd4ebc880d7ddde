/** Rules on how values hang together as SQL: within a table (一致性), and with what is known from elsewhere (准确性).
 *  @module */
import type { FieldType, QualityRule } from "@sluice/protocol";
import { quoteIdentifier } from "../transform/sql-text.ts";
import { BIRTH_DATE_FUNCTION, FORM_RIGHT, FORM_SHAPE, formFunction } from "./forms.ts";
import { memberOf, rowRule, textOf, type FieldTypes, type RuleContext, type RuleSql } from "./rule-context.ts";

/** SQL of a consistency rule; null when it does not fit the table. */
export function consistencySql(rule: Extract<QualityRule, { type: "consistency" }>, types: FieldTypes): RuleSql | null {
  switch (rule.check) {
    case "compare": {
      const left = comparable(rule.field, types.get(rule.field));
      const right = comparable(rule.with, types.get(rule.with));
      if (left === null || right === null || left.family !== right.family) return null;
      if (rule.comparison !== "=" && !left.ordered) return null;
      const holds = `${left.known} AND ${right.known} AND ${left.value} ${rule.comparison} ${right.value}`;
      return rowRule(`CASE WHEN ${left.value} IS NOT NULL AND ${right.value} IS NOT NULL THEN ${holds} END`);
    }
    case "birth-date": {
      const type = types.get(rule.with);
      if (types.get(rule.field) !== "text" || (type !== "date" && type !== "text")) return null;
      const [id, day] = [quoteIdentifier(rule.field), quoteIdentifier(rule.with)];
      const equal = `${BIRTH_DATE_FUNCTION}(${id}) = replace(CAST(${day} AS VARCHAR), '-', '')`;
      return rowRule(`CASE WHEN ${id} IS NOT NULL AND ${day} IS NOT NULL THEN coalesce(${equal}, false) END`);
    }
    case "unique": {
      if (rule.fields.some((field) => !types.has(field))) return null;
      const columns = rule.fields.map(quoteIdentifier);
      const given = columns.map((column) => `${column} IS NOT NULL`).join(" AND ");
      const row = `CASE WHEN ${given} THEN row(${columns.join(", ")}) END`;
      return { ...rowRule(row), passed: (c) => `count(DISTINCT ${c})` };
    }
  }
}

/** SQL of an accuracy rule; null when it does not fit the table, or the other table. */
export function accuracySql(
  rule: Extract<QualityRule, { type: "accuracy" }>,
  { types, reference }: RuleContext,
  prefix: string,
): RuleSql | null {
  switch (rule.check) {
    case "check-digit": {
      const text = textOf(rule.field, types.get(rule.field));
      if (text === null) return null;
      return rowRule(
        `CASE ${formFunction(rule.form)}(${text}) WHEN ${FORM_RIGHT} THEN true WHEN ${FORM_SHAPE} THEN false END`,
      );
    }
    case "member": {
      const type = types.get(rule.field);
      const other = reference(rule.of.resource);
      if (type === undefined || type === "decimal" || other?.types.get(rule.of.field) !== type) return null;
      const there = quoteIdentifier(rule.of.field);
      const members = `SELECT ${there} FROM ${other.from} WHERE ${there} IS NOT NULL`;
      return rowRule(memberOf(quoteIdentifier(rule.field), members));
    }
    case "rows": {
      const expected = `CAST($${prefix}_expected AS BIGINT)`;
      return {
        row: "true",
        judged: () => `greatest(count(*), ${expected})`,
        passed: () => `least(count(*), ${expected})`,
        parameters: { [`${prefix}_expected`]: rule.expected },
      };
    }
  }
}

interface Comparable {
  readonly family: "number" | "date" | "text" | "boolean";
  readonly ordered: boolean;
  readonly value: string;
  /** What has to hold besides, since the engine orders NaN and dates without end. */
  readonly known: string;
}

function comparable(field: string, type: FieldType | undefined): Comparable | null {
  const column = quoteIdentifier(field);
  switch (type) {
    case undefined:
      return null;
    case "integer":
    case "decimal": {
      const value = `CAST(${column} AS DOUBLE)`;
      return { family: "number", ordered: true, value, known: `isfinite(${value})` };
    }
    case "date":
      return { family: type, ordered: true, value: column, known: `isfinite(${column})` };
    case "text":
    case "boolean":
      return { family: type, ordered: false, value: column, known: "true" };
  }
}

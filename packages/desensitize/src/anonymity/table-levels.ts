/** Full-domain generalisation of a whole table that stays in the engine: it is read as distinct tuples with weights, and
 *  changed by one statement.
 *  @module */
import type { Column, ColumnBatch } from "@sluice/protocol";
import { hierarchySql } from "../hierarchy/hierarchy-sql.ts";
import { quoteIdentifier } from "../transform/sql-text.ts";
import type { ColumnHierarchy } from "./dimension.ts";
import { byLevels } from "./found-classes.ts";
import { ClassJudge, FAILS_COUNTS, personsOf } from "./judge.ts";
import { shownColumn } from "./recoding.ts";
import { checkRequest, refusal, type AnonymityRequest } from "./request.ts";
import { createTuples } from "./tuples.ts";

/** Levels for a table. */
export interface TableLevels {
  /** Level of each column: of its hierarchy, or 0 and 1 for `*` of a column without one. */
  readonly levels: Readonly<Record<string, number>>;
  readonly loss: number;
  readonly suppressedRows: number;
  readonly nodes: number;
  readonly checks: number;
  /** What the classes show that are left out: rows that show one of these do not leave. */
  readonly leftOut: ColumnBatch;
}

/** The levels that lose least while every class has k rows, each of another person. `weights` are the rows of each tuple.
 *  @throws ERR_SAMPLE_K, ERR_POLICY, ERR_POLICY_COLUMN, ERR_CANCELLED */
export async function chooseLevels(
  tuples: ColumnBatch,
  weights: Float64Array,
  request: Pick<AnonymityRequest, "quasi" | "hierarchies" | "k" | "suppressionLimit" | "signal" | "onStep">,
): Promise<TableLevels> {
  const asked: AnonymityRequest = { ...request, model: { algorithm: "full-domain" } };
  checkRequest(asked);
  const table = createTuples({ batch: tuples, weights, quasi: request.quasi, hierarchies: request.hierarchies });
  const judge = new ClassJudge({ k: request.k }, []);
  const found = await byLevels(table, judge, asked);
  if (found === null) throw refusal(asked);
  const { classes, loss, recode, search } = found;
  const persons = personsOf(table.persons, classes);
  const rest = persons.map((count) => (count < request.k ? FAILS_COUNTS : 0));
  let count = 0;
  const numbers = Int32Array.from(rest, (fails) => (fails === 0 ? -1 : count++));
  const { shown, ...recoding } = recode({ numbers, count });
  if (recoding.kind !== "levels") throw new TypeError("one level for each column");
  const every = Int32Array.from({ length: count }, (_, number) => number);
  return {
    levels: Object.fromEntries(recoding.columns.map(({ name, level }) => [name, level])),
    loss,
    suppressedRows: persons.reduce((sum, n) => sum + (n < request.k ? n : 0), 0),
    nodes: search?.nodes ?? 1,
    checks: search?.checks ?? 0,
    leftOut: {
      rowCount: count,
      columns: Object.fromEntries(
        recoding.columns.map(({ name, type }, d): [string, Column] => [name, shownColumn(type, shown[d] ?? [], every)]),
      ),
    },
  };
}

const ANY_TEXT = "'*'";

/** The stored column `name` at `level` as an SQL expression: numbers stay numbers, which cannot say `*`. */
export function levelExpression(
  name: string,
  level: number,
  declared: ColumnHierarchy | undefined,
  type: Column["type"],
): string {
  const column = quoteIdentifier(name);
  if (level === 0) return column;
  const text = declared === undefined ? ANY_TEXT : hierarchySql(declared.hierarchy, level, column);
  if (type === "dict") return text;
  if (text === ANY_TEXT) return `CAST(NULL AS ${type === "bool" ? "BOOLEAN" : type === "i32" ? "INTEGER" : "DOUBLE"})`;
  // least and greatest skip nulls, so that a null would become a bound.
  const whole = `CAST(least(greatest(${text}, -2147483648), 2147483647) AS INTEGER)`;
  return type === "i32" ? `CASE WHEN ${text} IS NOT NULL THEN ${whole} END` : text;
}

/** One pass over all columns: how many persons have a value, about how many values there are, and the ends of each range
 *  as the k-th smallest and the k-th largest person has them. The ends themselves are never read.
 *  @module */
import { quoteIdentifier } from "../transform/sql-text.ts";
import type { RunSql } from "./person-rows.ts";
import type { PlannedColumn } from "./plan.ts";
import { countOf, numberOf } from "./threshold.ts";

/** What is known of one column. */
export interface ColumnFacts {
  /** Persons with a value. */
  readonly filled: number;
  /** About how many values. */
  readonly distinct: number;
  /** Of numbers, of months, or of lengths of texts; null when fewer than `minimum` persons have one. */
  readonly low: number | null;
  readonly high: number | null;
}

/** Reads the facts of `columns`, in their order. */
export async function readColumnFacts(
  run: RunSql,
  from: string,
  columns: readonly PlannedColumn[],
  minimum: number,
): Promise<ColumnFacts[]> {
  const selected = columns.flatMap((column) => {
    const ordered = orderedExpression(column);
    return [
      `count(${filledExpression(column)})`,
      `approx_count_distinct(${filledExpression(column)})`,
      `min(${ordered}, ${minimum})[${minimum}]`,
      `max(${ordered}, ${minimum})[${minimum}]`,
    ];
  });
  const [row = []] = await run(`SELECT ${selected.join(", ")} FROM ${from}`);
  return columns.map((_, i) => {
    const [filled, distinct, ...ends] = row.slice(4 * i, 4 * i + 4);
    // Of fewer than twice as many persons the k-th largest comes first.
    const [low = null, high = null] = ends.map(numberOf).toSorted((a, b) => (a ?? 0) - (b ?? 0));
    return { filled: countOf(filled), distinct: countOf(distinct), low, high };
  });
}

/** The number by which a column is put in order. */
export function orderedExpression({ field, look }: PlannedColumn): string {
  const source = quoteIdentifier(field.name);
  switch (look) {
    case "number":
      return `CASE WHEN isfinite(CAST(${source} AS DOUBLE)) THEN CAST(${source} AS DOUBLE) END`;
    case "date":
      return `CAST(12 * year(${source}) + month(${source}) - 1 AS DOUBLE)`;
    case "shape":
      return field.type === "text" ? `CAST(length(${source}) AS DOUBLE)` : "CAST(NULL AS DOUBLE)";
    case "text":
      return `CAST(length(${source}) AS DOUBLE)`;
    case "boolean":
      return "CAST(NULL AS DOUBLE)";
  }
}

function filledExpression(column: PlannedColumn): string {
  return column.look === "number" ? orderedExpression(column) : quoteIdentifier(column.field.name);
}

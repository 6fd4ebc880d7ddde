/** Values of a table that a policy's transforms could not take: they became null, and too many of them end the sample.
 *  @module */
import { columnExpression, isPseudonym, keyParameters, shownColumn } from "@sluice/desensitize";
import type { RiskReport } from "@sluice/protocol";
import { quoteIdentifier } from "./engine.ts";
import type { OpenTable, ViewRequest } from "./sample.ts";
import { bindBytes, ROW_NUMBER } from "./view.ts";

/** By column, where there are any: how many, and their share of the column's values. */
export async function countFailures(
  { session, entry: { description } }: OpenTable,
  { policy, fields, tokenKey, key }: ViewRequest,
  table: string,
): Promise<RiskReport["transformFailures"]> {
  // A token or a fake takes every value, and is dear.
  const columns = fields
    .map((name) => shownColumn(policy, description, name))
    .filter(({ rule }) => !isPseudonym(rule) || rule.transform.kind === "fpe");
  if (columns.length === 0) return [];
  const rows = { rowId: ROW_NUMBER, subject: key };
  const counts = columns.map(
    (column) => `count(${quoteIdentifier(column.name)}), count(${columnExpression(column, rows)})`,
  );
  const [row = []] = await session.rows(
    `SELECT ${counts.join(", ")} FROM ${quoteIdentifier(table)}`,
    bindBytes(keyParameters(columns, tokenKey)),
  );
  return columns.flatMap(({ name }, i) => {
    const [before, after] = [Number(row[2 * i]), Number(row[2 * i + 1])];
    const values = before - after;
    return values <= 0 ? [] : [{ column: name, values, share: values / before }];
  });
}

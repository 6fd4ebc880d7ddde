/** Values of a table that a policy's transforms could not take: they became null, or `*` in a hierarchy, and too many of them
 *  end what is made of the table.
 *  @module */
import { failureExpression, keyParameters, MAX_INVALID_SHARE, shownColumn } from "@sluice/desensitize";
import { SluiceError, type RiskReport } from "@sluice/protocol";
import { quoteIdentifier } from "./engine.ts";
import type { OpenTable, ViewRequest } from "./sample.ts";
import { bindBytes, ROW_NUMBER } from "./view.ts";

/** By column, where there are any: how many, and their share of the column's values. */
export async function countFailures(
  { session, entry: { description } }: OpenTable,
  { policy, fields, tokenKey, key }: ViewRequest,
  table: string,
): Promise<RiskReport["transformFailures"]> {
  const rows = { rowId: ROW_NUMBER, subject: key };
  const fallible = fields.flatMap((name) => {
    const column = shownColumn(policy, description, name);
    const failed = failureExpression(column, rows);
    return failed === null ? [] : [{ column, failed }];
  });
  if (fallible.length === 0) return [];
  const counts = fallible.map(
    ({ column, failed }) => `count(${quoteIdentifier(column.name)}), count(*) FILTER (WHERE ${failed})`,
  );
  const columns = fallible.map(({ column }) => column);
  const [row = []] = await session.rows(
    `SELECT ${counts.join(", ")} FROM ${quoteIdentifier(table)}`,
    bindBytes(keyParameters(columns, tokenKey)),
  );
  return columns.flatMap(({ name }, i) => {
    const [stored, values] = [Number(row[2 * i]), Number(row[2 * i + 1])];
    return values === 0 ? [] : [{ column: name, values, share: values / stored }];
  });
}

/** Refuses a table with a column in which more than MAX_INVALID_SHARE of the values fail. No count is told: on real rows, what
 *  a refusal says is that it is one. @throws ERR_POLICY */
export async function refuseFailures(open: OpenTable, request: ViewRequest, table: string): Promise<void> {
  const failed = (await countFailures(open, request, table)).find(({ share }) => share > MAX_INVALID_SHARE);
  if (failed === undefined) return;
  throw new SluiceError("ERR_POLICY", {
    pointer: `/columns/${failed.column}/transform`,
    reason: `the transform has nothing to show for more than ${100 * MAX_INVALID_SHARE} % of the values`,
  });
}

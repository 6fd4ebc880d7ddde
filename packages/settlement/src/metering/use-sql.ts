/** Aggregation where records are stored: one SQL query, of DuckDB and PostgreSQL alike, that does what the meter does for more records
 *  than fit in memory, and the reading of its rows.
 *  @module */
import { FieldName, SluiceError } from "@sluice/protocol";
import { Month, readInput } from "../input.ts";
import type { MonthlyUse } from "./monthly-use.ts";

/** What is aggregated. */
export interface UseTable {
  /** Name of a table or view with the columns `id`, `caller`, `product`, `at` (a timestamp in UTC) and `quantity` (a whole number): one
   *  row for each answered attempt. Where several domains answer, `id` has the domain in it: a caller chooses the id of a call. Earlier use is
   *  counted from January on. */
  readonly table: string;
  readonly month: string;
  /** Whether the table's key lets no `id` stand twice; if not, the query takes each call once, which is most of its work. */
  readonly idsAreUnique: boolean;
}

/** One row of the query's result. */
export interface AggregatedUse {
  readonly caller: string;
  readonly product: string;
  readonly quantity: string;
  readonly before: string;
  /** Calls whose id stands for two different calls, of another year or a later month, and with a quantity below zero: all must be 0. */
  readonly conflicts: bigint;
  readonly outside: bigint;
  readonly negative: bigint;
}

/** The query: the use of the month by caller and product, in their order, with what was used earlier in the calendar year.
 *  @throws ERR_SETTLEMENT_INPUT for a month or a name of another shape. */
export function monthlyUseSql({ table, month, idsAreUnique }: UseTable): string {
  const name = `"${readInput(FieldName, table, "table")}"`;
  readInput(Month, month, "month");
  const [year = "", number = ""] = month.split("-");
  const next = number === "12" ? `${Number(year) + 1}-01` : `${year}-${String(Number(number) + 1).padStart(2, "0")}`;
  const calls = idsAreUnique
    ? `SELECT caller, product, quantity, "at", false AS twice FROM ${name}`
    : `SELECT caller, min(product) AS product, min(quantity) AS quantity, min("at") AS "at", ` +
      `min(product) <> max(product) OR min(quantity) <> max(quantity) AS twice ` +
      `FROM ${name} GROUP BY caller, id`;
  return (
    `SELECT caller, product, ` +
    `CAST(coalesce(sum(quantity) FILTER (WHERE "at" >= ${start(month)}), 0) AS VARCHAR) AS quantity, ` +
    `CAST(coalesce(sum(quantity) FILTER (WHERE "at" < ${start(month)}), 0) AS VARCHAR) AS "before", ` +
    `count(*) FILTER (WHERE twice) AS conflicts, ` +
    `count(*) FILTER (WHERE "at" < ${start(`${year}-01`)} OR "at" >= ${start(next)}) AS outside, ` +
    `count(*) FILTER (WHERE quantity < 0) AS negative ` +
    `FROM (${calls}) AS calls GROUP BY caller, product ORDER BY caller, product`
  );
}

/** First instant of a month in Asia/Shanghai, as a timestamp in UTC. */
function start(month: string): string {
  const instant = new Date(Date.parse(`${month}-01T00:00:00.000+08:00`)).toISOString();
  return `TIMESTAMP '${instant.slice(0, "2026-10-31".length)} ${instant.slice("2026-10-31T".length, "2026-10-31T16:00:00".length)}'`;
}

/** The rows of the query as the uses of a statement, which reads them.
 *  @throws ERR_SETTLEMENT_CALL, ERR_SETTLEMENT_PERIOD, ERR_SETTLEMENT_INPUT naming caller and product of calls that cannot be counted. */
export function usesOfRows(rows: readonly AggregatedUse[], month: string): MonthlyUse[] {
  for (const { caller, product, conflicts, outside, negative } of rows) {
    if (conflicts === 0n && outside === 0n && negative === 0n) continue;
    const line = `records of uses/${caller}/${product}`;
    if (conflicts > 0n) throw new SluiceError("ERR_SETTLEMENT_CALL", { line });
    if (outside > 0n) throw new SluiceError("ERR_SETTLEMENT_PERIOD", { line, period: `the year up to ${month}` });
    throw new SluiceError("ERR_SETTLEMENT_INPUT", { line, expected: "quantities of zero or more" });
  }
  return rows.map(({ caller, product, quantity, before }) => ({ caller, product, quantity, before }));
}

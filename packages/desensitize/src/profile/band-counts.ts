/** Numbers and dates of one column: counted by cells of its grid, single numbers that many persons have apart.
 *  @module */
import { MAX_PROFILE_COMMON, type ColumnProfile } from "@sluice/protocol";
import {
  cellExpression,
  edgeOf,
  firstDayOf,
  mergeCells,
  monthGrid,
  numberGrid,
  type Bands,
  type CellCount,
  type Grid,
} from "./bands.ts";
import { orderedExpression, type ColumnFacts } from "./column-facts.ts";
import type { RunSql } from "./person-rows.ts";
import type { PlannedColumn } from "./plan.ts";
import { countOf, distinctBound, foldIntoLargest, numberOf, roundPersons } from "./threshold.ts";

/** Share of the persons from which a single number is listed. */
const COMMON_SHARE = 0.05;

/** A column's bands, with what is needed to find the band of a row. */
export interface BandedColumn {
  readonly grid: Grid;
  readonly bands: Bands;
  readonly common: readonly { readonly value: number; readonly persons: number }[];
}

/** Counts the column; null when fewer than `minimum` persons have a value. */
export async function countBands(
  run: RunSql,
  from: string,
  column: PlannedColumn,
  facts: ColumnFacts,
  minimum: number,
): Promise<BandedColumn | null> {
  const { low, high, filled } = facts;
  if (low === null || high === null || filled < minimum) return null;
  const whole = column.field.type === "integer";
  const grid = column.look === "date" ? monthGrid(low, high) : numberGrid(low, high, whole);
  const ordered = orderedExpression(column);
  const exact = column.look === "date" || (whole && grid.step === 1);
  const common = exact
    ? []
    : await countCommon(run, from, ordered, Math.max(minimum, Math.ceil(COMMON_SHARE * filled)));
  const rows = await run(
    `SELECT ${cellExpression("value", grid)} AS cell, count(*) FROM (SELECT ${ordered} AS value FROM ${from})
     WHERE value IS NOT NULL${notCommon("value", common)} GROUP BY cell ORDER BY cell`,
  );
  const cells = rows.map(([cell, persons]): CellCount => ({ cell: countOf(cell), persons: countOf(persons) }));
  const bands = mergeCells(cells, grid, minimum);
  const banded = bands.persons.reduce((sum, persons) => sum + persons, 0);
  const rest = cells.reduce((sum, { persons }) => sum + persons, 0) - banded;
  const counts = common.map(({ persons }) => persons);
  const folded = rest > 0 ? foldIntoLargest(counts, rest) : counts;
  return { grid, bands, common: common.map(({ value }, i) => ({ value, persons: folded[i] ?? 0 })) };
}

/** What may be shown of it. */
export function bandsProfile(
  { field, look }: PlannedColumn,
  { grid, bands, common }: BandedColumn,
  { filled, distinct }: ColumnFacts,
  { persons, minimum }: { readonly persons: number; readonly minimum: number },
): Extract<ColumnProfile, { kind: "numbers" | "dates" }> {
  const missing = persons - filled;
  const counts = [...bands.persons, ...common.map(({ persons }) => persons)];
  const shown = missing < minimum ? foldIntoLargest(counts, missing) : counts;
  const rounded = shown.map(roundPersons);
  const split = bands.persons.length;
  const cells = split === 0 ? [] : [...bands.starts, bands.end];
  const rest = {
    persons: rounded.slice(0, split),
    ...(missing >= minimum ? { missing: roundPersons(missing) } : {}),
    distinct: distinctBound(distinct),
  };
  if (look === "date") {
    return { kind: "dates", field: field.name, edges: cells.map((cell) => firstDayOf(cell, grid.step)), ...rest };
  }
  return {
    kind: "numbers",
    field: field.name,
    step: grid.step,
    edges: cells.map((cell) => edgeOf(cell, grid.step)),
    common: common.map(({ value }, i) => ({ value, persons: rounded[split + i] ?? 0 })),
    ...rest,
  };
}

/** The bin of a row in a pair, as SQL: its band, or behind the bands its common number; null without a value. */
export function bandBinExpression(column: PlannedColumn, { grid, bands, common }: BandedColumn): string {
  const ordered = orderedExpression(column);
  const single = common.map(({ value }, i) => ` WHEN ${ordered} = ${literal(value)} THEN ${bands.starts.length + i}`);
  const cell = cellExpression(ordered, grid);
  const banded = bands.starts.slice(1).map((start, i) => ` WHEN ${cell} < ${start} THEN ${i}`);
  const last = bands.starts.length === 0 ? "NULL" : String(bands.starts.length - 1);
  return `CASE WHEN ${ordered} IS NULL THEN NULL${single.join("")}${banded.join("")} ELSE ${last} END`;
}

async function countCommon(
  run: RunSql,
  from: string,
  ordered: string,
  least: number,
): Promise<{ value: number; persons: number }[]> {
  const rows = await run(
    `SELECT value, count(*) AS persons FROM (SELECT ${ordered} AS value FROM ${from}) WHERE value IS NOT NULL
     GROUP BY value HAVING persons >= ${least} ORDER BY persons DESC, value LIMIT ${MAX_PROFILE_COMMON}`,
  );
  return rows.map(([value, persons]) => ({ value: numberOf(value) ?? 0, persons: countOf(persons) }));
}

function notCommon(value: string, common: readonly { readonly value: number }[]): string {
  return common.length === 0 ? "" : ` AND ${value} NOT IN (${common.map(({ value }) => literal(value)).join(", ")})`;
}

function literal(number: number): string {
  return `CAST('${number}' AS DOUBLE)`;
}

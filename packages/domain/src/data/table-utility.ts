/** The columns of a sample beside the same columns of the whole table, both after the policy's transforms. What would need
 *  more memory than the engine may use is not computed, and is absent.
 *  @module */
import type { DuckDBValue } from "@duckdb/node-api";
import {
  columnExpression,
  correlationOf,
  countValues,
  isNumeric,
  isPseudonym,
  keyParameters,
  MAX_COUNTED_NUMBERS,
  MAX_COUNTED_VALUES,
  NUMBER_BINS,
  QUANTILES,
  shownColumn,
  summaryOf,
  totalVariation,
  type Bins,
  type Counts,
  type TableUtility,
} from "@sluice/desensitize";
import type { Column, ColumnBatch, ColumnUtility } from "@sluice/protocol";
import { EngineFault, quoteIdentifier, type Session } from "./engine.ts";
import type { OpenTable, ViewRequest } from "./sample.ts";
import { bindBytes, ROW_NUMBER } from "./view.ts";

/** Columns of numbers whose correlations are compared: 66 pairs. */
const MAX_CORRELATED = 12;

/** A column in the table and in the sample. */
interface Compared {
  readonly name: string;
  readonly column: Column;
  /** After the transform, in SQL. */
  readonly expression: string;
  /** What to bind in a statement with that expression. */
  readonly keys: Record<string, DuckDBValue>;
}

/** Pseudonyms are left out: which values stand for whom says nothing of a distribution. */
export async function compareWithTable(
  { session, entry: { description } }: OpenTable,
  { policy, fields, tokenKey, key }: ViewRequest,
  { table, sample }: { readonly table: string; readonly sample: ColumnBatch },
): Promise<TableUtility> {
  const compared = fields.flatMap((name): Compared[] => {
    const shown = shownColumn(policy, description, name);
    const column = sample.columns[name];
    if (column === undefined || isPseudonym(shown.rule)) return [];
    const keys = bindBytes(keyParameters([shown], tokenKey));
    return [{ name, column, expression: columnExpression(shown, { rowId: ROW_NUMBER, subject: key }), keys }];
  });
  const from = quoteIdentifier(table);
  const columns: ColumnUtility[] = [];
  for (const one of compared) columns.push(await compareColumn(session, from, one, sample.rowCount));
  const numbers = compared.filter(({ column }) => isNumeric(column)).slice(0, MAX_CORRELATED);
  return { columns, correlation: await compareCorrelations(session, from, numbers, sample.rowCount) };
}

async function compareColumn(
  session: Session,
  from: string,
  compared: Compared,
  rowCount: number,
): Promise<ColumnUtility> {
  const { name, column, expression, keys } = compared;
  const numeric = isNumeric(column);
  const number = `CAST(${expression} AS DOUBLE)`;
  const extras = numeric
    ? `, avg(${number}), stddev_pop(${number}), min(${number}), max(${number}), quantile_cont(${number}, [${QUANTILES.join(", ")}])`
    : "";
  const [[rows, filled, ...facts] = []] = await session.rows(
    `SELECT count(*), count(${expression})${extras} FROM ${from}`,
    keys,
  );
  const missing = {
    sample: rowCount === 0 ? 0 : 1 - countOf(countValues(column, rowCount)) / rowCount,
    table: Number(rows) === 0 ? 0 : 1 - Number(filled) / Number(rows),
  };
  const distance = await compareDistribution(session, from, compared, rowCount, facts);
  const entropyKept = await affordable(async () => {
    const [[before, after] = []] = await session.rows(
      `SELECT entropy(${quoteIdentifier(name)}), entropy(${expression}) FROM ${from}`,
      keys,
    );
    return Number(before) > 0 ? Math.min(1, Number(after) / Number(before)) : undefined;
  });
  return {
    name,
    missing,
    ...distance,
    ...(entropyKept === undefined ? {} : { entropyKept }),
    ...(numeric ? compareNumbers(column, rowCount, facts) : {}),
  };
}

type TableFacts = readonly unknown[];

function compareNumbers(column: Column, rowCount: number, [mean, deviation, , , quantiles]: TableFacts): object {
  const ours = summaryOf(column, rowCount);
  const scale = Number(deviation);
  if (ours === null || !(scale > 0)) return {};
  const theirs = listOf(quantiles);
  return {
    meanError: Math.abs(ours.mean - Number(mean)) / scale,
    ...(theirs.length === QUANTILES.length
      ? { quantileErrors: ours.quantiles.map((value, i) => Math.abs(value - (theirs[i] ?? 0)) / scale) }
      : {}),
  };
}

function listOf(value: unknown): number[] {
  if (typeof value !== "object" || value === null || !("items" in value) || !Array.isArray(value.items)) return [];
  return value.items.map(Number);
}

/** Of values one by one, or of bins where a column has many numbers; of text with too many values, nothing. */
async function compareDistribution(
  session: Session,
  from: string,
  { column, expression, keys }: Compared,
  rowCount: number,
  [, , least, most]: TableFacts,
): Promise<Pick<ColumnUtility, "distance" | "bins">> {
  const counted = async (value: string, bound: Compared["keys"] = {}): Promise<Counts> => {
    const read = await session.rows(
      `SELECT ${value} AS v, count(*) FROM ${from} WHERE ${expression} IS NOT NULL GROUP BY v LIMIT ${MAX_COUNTED_VALUES + 1}`,
      { ...keys, ...bound },
    );
    return new Map(read.map(([key, count]) => [typeof key === "string" ? key : Number(key), Number(count)]));
  };
  const table = await affordable(() => counted(expression));
  if (table !== undefined && table.size <= (isNumeric(column) ? MAX_COUNTED_NUMBERS : MAX_COUNTED_VALUES)) {
    return distanceOf(totalVariation(countValues(column, rowCount), table));
  }
  const bins: Bins = { least: Number(least), width: (Number(most) - Number(least)) / NUMBER_BINS };
  if (!isNumeric(column) || !(bins.width > 0) || !Number.isFinite(bins.width)) return {};
  const bin = `least(${NUMBER_BINS - 1}, greatest(0, CAST(floor((CAST(${expression} AS DOUBLE) - $least) / $width) AS INTEGER)))`;
  const inBins = await counted(bin, { least: bins.least, width: bins.width });
  return { ...distanceOf(totalVariation(countValues(column, rowCount, bins), inBins)), bins: NUMBER_BINS };
}

function distanceOf(distance: number | null): Pick<ColumnUtility, "distance"> {
  return distance === null ? {} : { distance };
}

async function compareCorrelations(
  session: Session,
  from: string,
  numbers: readonly Compared[],
  rowCount: number,
): Promise<TableUtility["correlation"]> {
  const pairs = numbers.flatMap((a, i) => numbers.slice(i + 1).map((b) => [a, b] as const));
  if (pairs.length === 0) return undefined;
  const list = pairs.map(([a, b]) => `corr(CAST(${a.expression} AS DOUBLE), CAST(${b.expression} AS DOUBLE))`);
  const [theirs = []] = await session.rows(
    `SELECT ${list.join(", ")} FROM ${from}`,
    Object.assign({}, ...numbers.map(({ keys }) => keys)) as Compared["keys"],
  );
  const differences = pairs.flatMap(([a, b], i) => {
    const ours = correlationOf(a.column, b.column, rowCount);
    const whole = theirs[i];
    if (ours === null || typeof whole !== "number" || !Number.isFinite(whole)) return [];
    return [{ difference: Math.abs(ours - whole), columns: [a.name, b.name] as [string, string] }];
  });
  const [first] = differences;
  if (first === undefined) return undefined;
  const largest = differences.reduce((most, one) => (one.difference > most.difference ? one : most), first);
  return {
    pairs: differences.length,
    mean: differences.reduce((sum, { difference }) => sum + difference, 0) / differences.length,
    largest: largest.difference,
    columns: largest.columns,
  };
}

function countOf(counts: Counts): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}

/** What `work` gives, or nothing when the engine has no memory for it. */
async function affordable<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof EngineFault && error.kind === "memory") return undefined;
    throw error;
  }
}

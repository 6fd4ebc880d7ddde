/** What classification sees of a table: two passes, whatever its size. The rows are chosen by a hash of their number, so that the
 *  same table gives the same findings; a column with few values is asked again by itself.
 *  @module */
import { CLASSIFIED_VALUES } from "@sluice/desensitize";
import { quoteText, type Session } from "./engine.ts";
import type { SourceColumn } from "./stored-type.ts";

/** Values and counts of one column. */
export interface SampledColumn {
  readonly values: string[];
  readonly filled: number;
  /** Of all rows, estimated; exact where every value was sampled. */
  readonly distinct: number;
}

/** Characters of a value that are looked at: longer ones are texts, whatever follows. */
const MAX_SAMPLED_CHARS = 500;
/** Parts into which hashes of row numbers fall. */
const HASH_PARTS = 1_048_576;
/** Rows that are drawn for each value that is needed: hashes do not fall evenly. */
const SPARE = 1.3;

/** Samples `columns` of the Parquet file at `path`. @throws EngineFault */
export async function sampleColumns(
  session: Session,
  path: string,
  columns: readonly SourceColumn[],
): Promise<SampledColumn[]> {
  const from = `read_parquet(${quoteText(path)}, file_row_number = true)`;
  const counts = columns.map(({ expression: e }) => `count(${e}), approx_count_distinct(${e})`);
  const [row = []] = await session.rows(`SELECT count(*), ${counts.join(", ")} FROM ${from}`);
  const rows = Number(row[0]);
  const samples = await readValues(session, from, columns, partsFor(rows));
  const sampled: SampledColumn[] = [];
  for (const [i, column] of columns.entries()) {
    const filled = Number(row[1 + 2 * i]);
    let values = samples[i] ?? [];
    if (values.length < Math.min(filled, CLASSIFIED_VALUES)) {
      [values = []] = await readValues(session, from, [column], partsFor(filled));
    }
    const distinct = values.length === filled ? new Set(values).size : Math.min(filled, Number(row[2 + 2 * i]));
    sampled.push({ values: values.slice(0, CLASSIFIED_VALUES), filled, distinct });
  }
  return sampled;
}

/** Parts that hold enough of `count` rows. */
function partsFor(count: number): number {
  return Math.min(HASH_PARTS, Math.ceil(((CLASSIFIED_VALUES * SPARE) / Math.max(count, 1)) * HASH_PARTS));
}

async function readValues(
  session: Session,
  from: string,
  columns: readonly SourceColumn[],
  parts: number,
): Promise<string[][]> {
  const lists = columns.map(
    ({ expression }) =>
      `list(left(CAST(${expression} AS VARCHAR), ${MAX_SAMPLED_CHARS}) ORDER BY hash(file_row_number)) FILTER (${expression} IS NOT NULL)`,
  );
  const chosen = parts === HASH_PARTS ? "" : ` WHERE hash(file_row_number) % ${HASH_PARTS} < ${parts}`;
  const [row = []] = await session.rows(
    `SELECT ${lists.map((list) => `list_slice(${list}, 1, ${CLASSIFIED_VALUES})`).join(", ")} FROM ${from}${chosen}`,
  );
  return columns.map((_, i) => listOf(row[i]));
}

function listOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null || !("items" in value) || !Array.isArray(value.items)) return [];
  return value.items.map(String);
}

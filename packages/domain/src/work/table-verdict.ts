/** The store's second look at a table of the guard: everything that can be checked without the rows.
 *  @module */
import { MEAN_DIGITS, MIN_CELL_SUBJECTS, TABLE_BASE } from "@sluice/desensitize";
import { canonicalText, fromUtf8, Table, type Bytes, type TableCell, type TableSpec } from "@sluice/protocol";
import { MAX_TABLE_JSON_BYTES } from "./guard-protocol.ts";

/** The table whose JSON text `part` is; null when it does not fit what the job declares and the table has: dimensions and
 *  measures of the manifest; cells in order, once each, with rounded rows of which there are enough; means of few
 *  digits; and totals that are the sums. */
export function tableOf(part: Bytes, spec: TableSpec, rowCount: number): Table | null {
  const parsed = Table.safeParse(part.length > MAX_TABLE_JSON_BYTES ? undefined : parseJson(part));
  if (!parsed.success) return null;
  const table = parsed.data;
  const { kind, dimensions, measures, cells, minimum, base } = table;
  const declared = canonicalText({ kind, dimensions, measures }) === canonicalText(spec);
  if (!declared || minimum !== MIN_CELL_SUBJECTS || base !== TABLE_BASE || cells.length === 0) return null;
  const indices = cells.map(({ at }) => indexOf(at, spec));
  const ordered = indices.every((index, i) => index !== null && index > (indices[i - 1] ?? -1));
  // Rounding adds less than half of the base to each cell.
  const counted = table.total <= rowCount + (TABLE_BASE / 2) * cells.length;
  return ordered && counted && cells.every((cell) => isSafe(cell, measures)) && areSums(table) ? table : null;
}

/** Place of a cell in the order of cells; null when there is none at these levels. */
function indexOf(at: readonly number[], { dimensions }: TableSpec): number | null {
  if (at.length !== dimensions.length) return null;
  return dimensions.reduce<number | null>((index, { levels }, i) => {
    const level = at[i] ?? levels.length;
    return index === null || level >= levels.length ? null : index * levels.length + level;
  }, 0);
}

function isSafe({ rows, means }: TableCell, measures: readonly string[]): boolean {
  return (
    rows >= MIN_CELL_SUBJECTS &&
    rows % TABLE_BASE === 0 &&
    Object.entries(means).every(
      ([name, mean]) => measures.includes(name) && mean === Number(mean.toPrecision(MEAN_DIGITS)),
    )
  );
}

function areSums({ dimensions, cells, totals, total }: Table): boolean {
  const sums = dimensions.map(({ levels }) => levels.map(() => 0));
  let sum = 0;
  for (const { at, rows } of cells) {
    sum += rows;
    for (const [i, level] of at.entries()) {
      const own = sums[i];
      if (own !== undefined) own[level] = (own[level] ?? 0) + rows;
    }
  }
  return total === sum && JSON.stringify(totals) === JSON.stringify(sums);
}

/** JSON from bytes that may be anything; undefined when they are none. */
export function parseJson(part: Bytes): unknown {
  try {
    return JSON.parse(fromUtf8(part)) as unknown;
  } catch {
    return undefined;
  }
}

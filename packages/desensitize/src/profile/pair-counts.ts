/** Counts of pairs: each column becomes a small number per row, and pairs of those are counted. Only the pairs of the tree
 *  that says most are kept.
 *  @module */
import { MAX_PAIR_BINS, MAX_PROFILE_PAIRS, REST_BIN, type ColumnProfile, type PairProfile } from "@sluice/protocol";
import { quoteIdentifier } from "../transform/sql-text.ts";
import { mutualInformation, shownCells, spanningTree, type PairCell } from "./pair-cells.ts";
import type { RunSql } from "./person-rows.ts";
import { countOf, numberOf } from "./threshold.ts";
import { LISTED_BIN, LISTED_VALUE } from "./value-counts.ts";

/** Columns of which pairs are counted: a tree of them has MAX_PROFILE_PAIRS pairs. */
const MAX_PAIR_COLUMNS = MAX_PROFILE_PAIRS + 1;
/** Pairs that say less than this of each other, in nats, are as good as independent. */
const MIN_INFORMATION = 0.002;

const BINS = '"profile bins"';

/** A column of which pairs may be counted. */
export interface BinnedColumn {
  readonly profile: Exclude<ColumnProfile, { kind: "shape" }>;
  /** How a row's bin is found: as SQL over the row, null for the rest; or by a table of values, whose bin b is bin
   *  `places[b]` of the profile, or the rest. */
  readonly binning: { readonly sql: string } | { readonly table: string; readonly places: readonly number[] };
}

/** The pairs among the first columns that may be shown. */
export async function countPairs(
  run: RunSql,
  from: string,
  columns: readonly BinnedColumn[],
  minimum: number,
): Promise<PairProfile[]> {
  const used = columns.slice(0, MAX_PAIR_COLUMNS);
  if (used.length < 2) return [];
  const joins = used.map(({ profile, binning }, i) => {
    if ("sql" in binning) return "";
    const text = `CAST(t.${quoteIdentifier(profile.field)} AS VARCHAR)`;
    return ` LEFT JOIN ${quoteIdentifier(binning.table)} AS v${i} ON v${i}.${LISTED_VALUE} = ${text}`;
  });
  const bins = used.map(
    ({ binning }, i) => `CAST(${"sql" in binning ? binning.sql : `v${i}.${LISTED_BIN}`} AS INTEGER) AS b${i}`,
  );
  await run(`CREATE OR REPLACE TEMP TABLE ${BINS} AS SELECT ${bins.join(", ")} FROM ${from} AS t${joins.join("")}`);
  const counted: { a: number; b: number; weight: number; cells: PairCell[] }[] = [];
  for (let a = 0; a < used.length; a++) {
    for (let b = a + 1; b < used.length; b++) {
      const rows = await run(`SELECT b${a}, b${b}, count(*) FROM ${BINS} GROUP BY ALL`);
      const cells = merged(
        rows.map(([x, y, persons]) => ({ x: placeOf(used[a], x), y: placeOf(used[b], y), persons: countOf(persons) })),
      );
      counted.push({ a, b, weight: Math.max(0, mutualInformation(cells) - MIN_INFORMATION), cells });
    }
  }
  await run(`DROP TABLE ${BINS}`);
  return spanningTree(counted)
    .map(({ a, b, cells }) => ({ x: nameOf(used, a), y: nameOf(used, b), cells: shownCells(cells, minimum) }))
    .filter(({ cells }) => cells.length > 0);
}

function nameOf(columns: readonly BinnedColumn[], i: number): string {
  return columns[i]?.profile.field ?? "";
}

/** The bin in the profile; the rest for a null and where there is no place. */
function placeOf(column: BinnedColumn | undefined, cell: unknown): number {
  const bin = numberOf(cell) ?? REST_BIN;
  const place = column !== undefined && "places" in column.binning ? (column.binning.places[bin] ?? REST_BIN) : bin;
  return place < MAX_PAIR_BINS ? place : REST_BIN;
}

function merged(cells: readonly PairCell[]): PairCell[] {
  const sums = new Map<string, PairCell>();
  for (const { x, y, persons } of cells) {
    const key = `${x} ${y}`;
    sums.set(key, { x, y, persons: persons + (sums.get(key)?.persons ?? 0) });
  }
  return [...sums.values()].toSorted((p, q) => p.x - q.x || p.y - q.y);
}

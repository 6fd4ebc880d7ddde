/** What a guarded table should be, computed with maps and lists and nothing of the guard.
 *  @module */
import type { TableSpec } from "@sluice/protocol";

/** One row: its level in each dimension, whom it is about, and its measure. */
export interface PlainRow {
  readonly at: readonly number[];
  readonly subject: number;
  readonly value: number;
}

type PlainCells = { at: number[]; rows: number; means: Record<string, number> }[];

/** Cells and totals with the measure `base`, or null when the table should be refused. */
export function plainTable(
  rows: readonly PlainRow[],
  spec: TableSpec,
): { cells: PlainCells; totals: number[][]; total: number } | null {
  const groups = new Map<string, PlainRow[]>();
  for (const row of rows) {
    if (row.at.includes(255)) continue;
    const key = row.at.map((level) => String(level).padStart(2, "0")).join();
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const cells: PlainCells = [];
  let [shown, hidden] = [0, 0];
  for (const [, group] of [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (new Set(group.map(({ subject }) => subject)).size < 10) {
      hidden += group.length;
      continue;
    }
    shown += group.length;
    const mean = plainMean(group);
    const rounded = 5 * Math.floor(group.length / 5 + 0.5);
    cells.push({ at: [...(group[0]?.at ?? [])], rows: rounded, means: mean === null ? {} : { base: mean } });
  }
  if (cells.length === 0 || hidden / (shown + hidden) > 0.2) return null;
  const sum = (some: PlainCells): number => some.map(({ rows }) => rows).reduce((a, b) => a + b, 0);
  const totals = spec.dimensions.map(({ levels }, i) =>
    levels.map((_, k) => sum(cells.filter(({ at }) => at[i] === k))),
  );
  return { cells, totals, total: sum(cells) };
}

function plainMean(group: readonly PlainRow[]): number | null {
  const valued = group.filter(({ value }) => !Number.isNaN(value));
  const subjects = new Set(valued.map(({ subject }) => subject));
  const sorted = valued.map(({ value }) => value).toSorted((a, b) => a - b);
  const isDominatedFrom = (from: number): boolean => {
    const amounts = [...Map.groupBy(valued, ({ subject }) => subject).values()]
      .map((own) => Math.abs(own.reduce((sum, { value }) => sum + value - from, 0)))
      .toSorted((a, b) => b - a);
    const total = amounts.reduce((a, b) => a + b, 0);
    const [first = 0, second = 0] = amounts;
    return total === 0 || first + second > 0.9 * total || total - first - second < 0.1 * first;
  };
  if (subjects.size < 10 || isDominatedFrom(0) || isDominatedFrom(sorted[sorted.length >> 1] ?? 0)) return null;
  for (const { value } of valued) {
    const others = valued.filter((other) => other.value !== value).map(({ subject }) => subject);
    if (new Set(others).size < 10) return null;
  }
  return Number((valued.reduce((sum, { value }) => sum + value, 0) / valued.length).toPrecision(3));
}

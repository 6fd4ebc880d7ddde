/** Anonymity computed from rows with maps and sets, every combination of levels in turn: nothing of the search is used.
 *  @module */

/** A row: its values by quasi-identifier, its person, and its sensitive value. */
export interface PlainRow {
  readonly values: readonly string[];
  readonly person: number;
  readonly sensitive: number;
}

/** A column: what a value shows at each level, and what it loses there. */
export interface PlainColumn {
  readonly heights: number;
  show(level: number, value: string): string;
  lose(level: number, value: string): number;
}

/** What a class must keep. */
export interface PlainModel {
  readonly k: number;
  readonly l?: number;
  readonly entropyL?: number;
  readonly t?: number;
  readonly delta?: { readonly min: number; readonly max: number };
  readonly ordered?: boolean;
}

/** What a node comes to. */
export interface PlainNode {
  readonly levels: readonly number[];
  readonly loss: number;
  readonly suppressed: number;
  /** Rows of each class that is left, by what it shows. */
  readonly left: Map<string, PlainRow[]>;
}

/** Every combination of levels. */
export function allLevels(columns: readonly PlainColumn[]): number[][] {
  return columns.reduce<number[][]>(
    (nodes, { heights }) => nodes.flatMap((node) => Array.from({ length: heights }, (_, level) => [...node, level])),
    [[]],
  );
}

/** One combination of levels. */
export function plainNode(
  rows: readonly PlainRow[],
  columns: readonly PlainColumn[],
  levels: readonly number[],
  model: PlainModel,
  population: readonly PlainRow[] = [],
): PlainNode {
  const shownBy = (row: PlainRow): string =>
    JSON.stringify(row.values.map((value, d) => columns[d]?.show(levels[d] ?? 0, value)));
  const everywhere = Map.groupBy(population, shownBy);
  const left = new Map<string, PlainRow[]>();
  let [lost, suppressed] = [0, 0];
  for (const [shown, own] of Map.groupBy(rows, shownBy)) {
    if (plainKeeps(own, rows, model, everywhere.get(shown) ?? [])) {
      left.set(shown, own);
      for (const row of own) {
        lost +=
          row.values.reduce((sum, value, d) => sum + (columns[d]?.lose(levels[d] ?? 0, value) ?? 0), 0) /
          columns.length;
      }
    } else {
      suppressed += own.length;
      lost += own.length;
    }
  }
  return { levels, loss: lost / rows.length, suppressed, left };
}

/** The least loss of all combinations of levels that leave out at most `limit` rows; null when none does. */
export function plainOptimum(
  rows: readonly PlainRow[],
  columns: readonly PlainColumn[],
  model: PlainModel,
  limit: number,
  population?: readonly PlainRow[],
): PlainNode | null {
  let best: PlainNode | null = null;
  for (const levels of allLevels(columns)) {
    const node = plainNode(rows, columns, levels, model, population);
    if (node.suppressed > limit || node.left.size === 0) continue;
    if (best === null || node.loss < best.loss) best = node;
  }
  return best;
}

/** Whether one class keeps the model. */
export function plainKeeps(
  own: readonly PlainRow[],
  all: readonly PlainRow[],
  { k, l = 1, entropyL = 1, t = 1, delta = { min: 0, max: 1 }, ordered = false }: PlainModel,
  population: readonly PlainRow[],
): boolean {
  const persons = new Set(own.map(({ person }) => person)).size;
  const shares = plainShares(own);
  const entropy = [...shares.values()].reduce((sum, share) => sum - share * Math.log(share), 0);
  const whole = new Set(population.map(({ person }) => person)).size;
  const share = population.length === 0 ? delta.max : persons / Math.max(whole, persons);
  return (
    persons >= k &&
    shares.size >= l &&
    Math.exp(entropy) >= entropyL - 1e-9 &&
    (t === 1 || plainDistance(shares, plainShares(all), ordered) <= t + 1e-9) &&
    share >= delta.min - 1e-9 &&
    share <= delta.max + 1e-9
  );
}

/** Share of the persons by sensitive value; one with two values counts for both. */
export function plainShares(rows: readonly PlainRow[]): Map<number, number> {
  const pairs = new Set(rows.map(({ person, sensitive }) => `${person}/${sensitive}`));
  const counts = new Map<number, number>();
  for (const pair of pairs) {
    const value = Number(pair.split("/")[1]);
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return new Map([...counts].map(([value, count]) => [value, count / pairs.size]));
}

/** Earth mover's distance: equal ground distance, or the steps between values in order. */
export function plainDistance(p: Map<number, number>, q: Map<number, number>, ordered: boolean): number {
  const values = [...new Set([...p.keys(), ...q.keys()])].toSorted((a, b) => a - b);
  const differences = values.map((value) => (p.get(value) ?? 0) - (q.get(value) ?? 0));
  if (!ordered) return differences.reduce((sum, difference) => sum + Math.abs(difference), 0) / 2;
  if (values.length < 2) return 0;
  let [carried, moved] = [0, 0];
  for (const difference of differences) {
    carried += difference;
    moved += Math.abs(carried);
  }
  return moved / (values.length - 1);
}

/** A plain group-by with the stated rules of disclosure, written anew from their words: a report is compared with it.
 *  @module */
import type { Table } from "@sluice/protocol";

/** Persons that a listed cell covers at least. */
const MIN_PERSONS = 10;
/** Rows are rounded to its multiples. */
const BASE = 5;
const MEAN_DIGITS = 3;

/** One row: who it is about, its level in each dimension (null: in no cell), and its numbers by measure. */
export interface PlainRow {
  readonly person: string;
  readonly at: readonly (number | null)[];
  readonly values: Readonly<Record<string, number | null>>;
}

interface Cell {
  rows: number;
  readonly persons: Set<string>;
  /** By measure: the numbers, added up by person. */
  readonly values: Map<string, Values>;
}

/** The numbers of one measure in one cell, each beside the person whose row it is. */
type Values = { person: string; value: number }[];

/** Whether `table` says exactly what the rules leave of `rows`, where the dimensions with these indices are sensitive. */
export function tableIsPlain(table: Table, rows: Iterable<PlainRow>, sensitive: readonly number[] = []): boolean {
  const cells = new Map<string, Cell>();
  for (const row of rows) addRow(cells, row);
  const listed = [...cells]
    .filter(([, cell]) => cell.persons.size >= MIN_PERSONS)
    .filter(([at]) => sensitive.every((dimension) => othersAlong(cells, at, dimension) >= MIN_PERSONS));
  const shown = new Map(table.cells.map((cell) => [cell.at.join(), cell]));
  if (shown.size !== listed.length || table.cells.length !== listed.length) return false;
  if (table.minimum !== MIN_PERSONS || table.base !== BASE) return false;
  for (const [at, cell] of listed) {
    const told = shown.get(at);
    if (told?.rows !== BASE * Math.round(cell.rows / BASE)) return false;
    const measures = table.measures.filter((measure) => mayBeTold(cell.values.get(measure)));
    if (Object.keys(told.means).toSorted().join() !== measures.toSorted().join()) return false;
    for (const measure of measures) {
      const values = cell.values.get(measure) ?? [];
      const mean = values.reduce((sum, { value }) => sum + value, 0) / values.length;
      if (!isRounded(told.means[measure] ?? Number.NaN, mean)) return false;
    }
  }
  return totalsFit(table);
}

/** Persons of the group of `place` along `dimension` that are not in its largest cell. */
function othersAlong(cells: ReadonlyMap<string, Cell>, place: string, dimension: number): number {
  const groupOf = (at: string): string => at.split(",").toSpliced(dimension, 1).join();
  const sizes = [...cells].filter(([at]) => groupOf(at) === groupOf(place)).map(([, { persons }]) => persons.size);
  return sizes.reduce((sum, size) => sum + size, 0) - Math.max(...sizes);
}

function addRow(cells: Map<string, Cell>, { person, at, values }: PlainRow): void {
  if (at.includes(null)) return;
  const place = at.join();
  const cell = cells.get(place) ?? { rows: 0, persons: new Set<string>(), values: new Map() };
  cells.set(place, cell);
  cell.rows++;
  cell.persons.add(person);
  for (const [measure, value] of Object.entries(values)) {
    if (value === null) continue;
    const kept = cell.values.get(measure) ?? [];
    cell.values.set(measure, kept);
    kept.push({ person, value });
  }
}

/** Ten persons have a value, ten have another than any one value, and nobody dominates the numbers or what of them is apart
 *  from their median. */
function mayBeTold(values: Values = []): boolean {
  if (personsOf(values) < MIN_PERSONS) return false;
  const numbers = values.map(({ value }) => value).toSorted((a, b) => a - b);
  const median = numbers[numbers.length >> 1] ?? 0;
  return (
    [...new Set(numbers)].every((number) => personsOf(values.filter(({ value }) => value !== number)) >= MIN_PERSONS) &&
    [0, median].every((from) => nobodyDominates(values, from))
  );
}

/** Whether the two whose numbers are furthest from `from`, added up by person, have nine tenths of all such distance at
 *  most, and the others together at least a tenth of the largest. */
function nobodyDominates(values: Values, from: number): boolean {
  const sums = new Map<string, number>();
  for (const { person, value } of values) sums.set(person, (sums.get(person) ?? 0) + value - from);
  const [first = 0, second = 0, ...others] = [...sums.values()].map(Math.abs).toSorted((a, b) => b - a);
  const rest = others.reduce((sum, value) => sum + value, 0);
  return first > 0 && first + second <= 0.9 * (first + second + rest) && rest >= 0.1 * first;
}

function personsOf(values: Values): number {
  return new Set(values.map(({ person }) => person)).size;
}

/** Whether `told` is `mean` to three digits; on a tie either neighbour will do. */
function isRounded(told: number, mean: number): boolean {
  if (mean === 0) return told === 0;
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(mean))) - (MEAN_DIGITS - 1));
  return Math.abs(told - mean) <= 0.5 * unit * (1 + 1e-9) && Number(told.toPrecision(MEAN_DIGITS)) === told;
}

function totalsFit(table: Table): boolean {
  const sum = (cells: Table["cells"]): number => cells.reduce((rows, cell) => rows + cell.rows, 0);
  return (
    table.total === sum(table.cells) &&
    table.dimensions.every(({ levels }, d) =>
      levels.every((_, level) => table.totals[d]?.[level] === sum(table.cells.filter((cell) => cell.at[d] === level))),
    )
  );
}

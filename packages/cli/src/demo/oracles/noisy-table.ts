/** A plain group-by beside a noisy table: every declared cell is there, each figure within a few standard errors that are
 *  computed here from the price, and the figures are not the plain ones. Only for tables of one row to a person.
 *  @module */
import type { NoisyTable } from "@sluice/protocol";

/** Standard errors that a figure may be off: beyond, chance has one in 10^14. */
const MAX_ERRORS = 8;
const MICRO_RHO = 1_000_000;

/** What was declared, and the rows in the clear. */
export interface NoisyQuestion {
  /** Levels of each dimension. */
  readonly levels: readonly number[];
  /** By measure: the largest magnitude that counts. */
  readonly measures: Readonly<Record<string, number>>;
  /** Price of the whole table in millionths of ρ, paid in equal parts by the counts and each measure. */
  readonly microRho: number;
  /** One row to a person: its level in each dimension, and its numbers by measure. */
  readonly rows: () => Iterable<{
    readonly at: readonly number[];
    readonly values: Readonly<Record<string, number>>;
  }>;
}

/** Whether `table` is the plain table of `question` with Gaussian noise of the size that its price buys. */
export function tableIsNoisy(table: NoisyTable, question: NoisyQuestion): boolean {
  const plain = new Map<string, Map<string, number>>();
  for (const { at, values } of question.rows()) {
    const cell = plain.get(at.join()) ?? new Map<string, number>();
    plain.set(at.join(), cell);
    for (const [name, value] of Object.entries({ ...values, "": 1 })) cell.set(name, (cell.get(name) ?? 0) + value);
  }
  const places = question.levels.reduce<string[]>(
    (before, levels) =>
      before.flatMap((at) => Array.from({ length: levels }, (_, l) => (at === "" ? `${l}` : `${at},${l}`))),
    [""],
  );
  if (table.cells.map(({ at }) => at.join()).join(";") !== places.join(";")) return false;
  if (table.cost !== String(question.microRho)) return false;
  const part = question.microRho / MICRO_RHO / (1 + Object.keys(question.measures).length);
  const errorOf = (largest: number): number => largest / Math.sqrt(2 * part);
  const errors = table.cells.flatMap(({ at, rows, sums }) => {
    const cell = plain.get(at.join());
    const off = Object.entries(question.measures).map(
      ([name, largest]) => (Number(sums[name]) - (cell?.get(name) ?? 0)) / errorOf(largest),
    );
    return [(rows - (cell?.get("") ?? 0)) / errorOf(1), ...off];
  });
  return errors.every((error) => Math.abs(error) <= MAX_ERRORS) && errors.some((error) => error !== 0);
}

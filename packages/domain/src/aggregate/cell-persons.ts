/** How many persons are in each cell of counts: rows of one person in one cell count once.
 *  @module */
import { aggregateCells, type AggregateRows } from "@sluice/mpc/aggregate/statistics";
import type { AggregateStatistic } from "@sluice/protocol";

/** Persons of the cells of a histogram or of categories, rows being added slice by slice. */
export class CellPersons {
  readonly #statistic: Extract<AggregateStatistic, { kind: "histogram" | "categories" }>;
  /** Cell of each row that was added. A vector has 2^15 elements at most. */
  readonly #cells: Uint16Array;
  #length = 0;

  constructor(statistic: Extract<AggregateStatistic, { kind: "histogram" | "categories" }>, rows: number) {
    this.#statistic = statistic;
    this.#cells = new Uint16Array(rows);
  }

  /** @throws ERR_AGGREGATE_VALUE */
  add(rows: AggregateRows): void {
    const cell = aggregateCells(this.#statistic, rows);
    for (let row = 0; row < rows.rows; row++) this.#cells[this.#length++] = cell(row);
  }

  /** Distinct persons of each of `cells`. `persons` numbers those of the added rows, below `most`. */
  count(cells: number, persons: Uint32Array, most: number): Uint32Array {
    const counts = new Uint32Array(cells);
    // One more than the person who was counted last: rows come person by person.
    const last = new Uint32Array(cells);
    for (const row of byPerson(persons, most)) {
      const cell = this.#cells[row] ?? 0;
      const person = (persons[row] ?? 0) + 1;
      if (last[cell] === person) continue;
      last[cell] = person;
      counts[cell] = (counts[cell] ?? 0) + 1;
    }
    return counts;
  }
}

/** Places of `persons` in the order of the numbers there, which are below `most`. */
function byPerson(persons: Uint32Array, most: number): Uint32Array {
  const next = new Uint32Array(most + 1);
  for (const person of persons) next[person + 1] = (next[person + 1] ?? 0) + 1;
  for (let i = 1; i < next.length; i++) next[i] = (next[i] ?? 0) + (next[i - 1] ?? 0);
  const order = new Uint32Array(persons.length);
  for (const [row, person] of persons.entries()) {
    const place = next[person] ?? 0;
    next[person] = place + 1;
    order[place] = row;
  }
  return order;
}

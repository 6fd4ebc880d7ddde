/** Two means of one cell: when they are of the same numbers but for a few persons, both together tell what those few have.
 *  Numbers are the same when one is a straight line of the other, for a mean follows every straight line. A heuristic: copies
 *  by another curve, with some jitter, or over three measures are not found.
 *  @module */
import { MIN_CELL_SUBJECTS } from "./subjects.ts";

/** How far two numbers may lie from one line, as a share of what the numbers that the line goes through are apart. */
const LINE_TOLERANCE = 1e-6;

/** One measure of a cell, whose mean is shown: held against later ones of the same rows. */
export class ShownMeasure {
  readonly #values: Float64Array;
  readonly #subjects: Uint32Array;
  readonly #lines: readonly (readonly [number, number])[];

  /** @param subjects Number of the person or thing of each value */
  constructor(values: Float64Array, subjects: Uint32Array) {
    this.#values = values;
    this.#subjects = subjects;
    this.#lines = rowPairs(values, subjects);
  }

  /** Whether one to nine persons tell `others` from this measure: they have a value in one of them only, or they alone keep it
   *  from being a copy. */
  isNear(others: Float64Array): boolean {
    const values = this.#values;
    const alone = this.#persons((row) => Number.isNaN(values[row] ?? 0) !== Number.isNaN(others[row] ?? 0));
    if (alone > 0) return alone < MIN_CELL_SUBJECTS;
    return this.#lines.some(([lower, upper]) => {
      const rise = at(others, upper) - at(others, lower);
      const slope = rise / (at(values, upper) - at(values, lower));
      // Nothing tells of a measure that is the same for most: the rule on the mean itself does.
      if (rise === 0 || Number.isNaN(slope)) return false;
      const [x, y, tolerance] = [at(values, lower), at(others, lower), LINE_TOLERANCE * Math.abs(rise)];
      const off = this.#persons((row) => Math.abs(at(others, row) - y - slope * (at(values, row) - x)) > tolerance);
      return off > 0 && off < MIN_CELL_SUBJECTS;
    });
  }

  /** Persons with a row of which `says` is true, counted up to MIN_CELL_SUBJECTS. */
  #persons(says: (row: number) => boolean): number {
    const some = new Set<number>();
    for (let row = 0; row < this.#values.length && some.size < MIN_CELL_SUBJECTS; row++) {
      if (says(row)) some.add(this.#subjects[row] ?? 0);
    }
    return some.size;
  }
}

function at(values: Float64Array, row: number): number {
  return values[row] ?? Number.NaN;
}

/** Ten pairs of rows whose values differ, each of other persons where there are twenty: if at most nine persons are off a line,
 *  it goes through one of the pairs. Taken from both ends, where ten persons have another value than most. */
function rowPairs(values: Float64Array, subjects: Uint32Array): [number, number][] {
  const low = extremes(values, subjects, 1);
  const rows = [...low, ...extremes(values, subjects, -1).toReversed()];
  return low.flatMap((row, i): [number, number][] => {
    const other = rows[i + low.length];
    return other === undefined || at(values, row) === at(values, other) ? [] : [[row, other]];
  });
}

/** Rows of the MIN_CELL_SUBJECTS persons with the lowest values times `sign`, one of each, ascending. */
function extremes(values: Float64Array, subjects: Uint32Array, sign: 1 | -1): number[] {
  const rows: number[] = [];
  const of = (row: number | undefined): number => (row === undefined ? Infinity : sign * at(values, row));
  for (let row = 0; row < values.length; row++) {
    const value = of(row);
    if (Number.isNaN(value) || (rows.length === MIN_CELL_SUBJECTS && value >= of(rows.at(-1)))) continue;
    const own = rows.findIndex((other) => subjects[other] === subjects[row]);
    if (own >= 0) {
      if (of(rows[own]) <= value) continue;
      rows.splice(own, 1);
    }
    const place = rows.findIndex((other) => of(other) > value);
    rows.splice(place < 0 ? rows.length : place, 0, row);
    if (rows.length > MIN_CELL_SUBJECTS) rows.pop();
  }
  return rows;
}

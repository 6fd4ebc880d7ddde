/** Sums per person or thing within one cell after another, in memory that the cells share.
 *  @see Hundepool et al., Statistical Disclosure Control (2012), §4.2.1: dominance and p% rules
 *  @module */
import { MIN_CELL_SUBJECTS, type SubjectOf } from "./subjects.ts";

/** The two largest contributions are at most this share of all (ACRO: n = 2, k = 0.9). */
const MAX_DOMINANT_SHARE = 0.9;
/** What is left without these two is at least this share of the largest (ACRO: p = 0.1): the second largest cannot
 *  tell the largest more closely. */
const MIN_REMAINDER_RATIO = 0.1;

/** Counts and sums by subject. */
export class SubjectSums {
  readonly #subjectOf: SubjectOf;
  /** Round in which a subject was last seen; subjects are below the number of rows. */
  readonly #seenIn: Uint32Array;
  readonly #sums: Float64Array;
  #round = 0;

  constructor(rowCount: number, subjectOf: SubjectOf) {
    this.#subjectOf = subjectOf;
    this.#seenIn = new Uint32Array(rowCount);
    this.#sums = new Float64Array(rowCount);
  }

  /** Distinct subjects of `rows`. */
  countSubjects(rows: Uint32Array): number {
    const round = ++this.#round;
    let subjects = 0;
    for (const row of rows) {
      const subject = this.#subjectOf(row);
      if (this.#seenIn[subject] === round) continue;
      this.#seenIn[subject] = round;
      subjects++;
    }
    return subjects;
  }

  /** Mean of `values` over those of `rows` that have one; null when it would say too much of somebody: when fewer than
   *  MIN_CELL_SUBJECTS have one, when all values are the same, or when one or two subjects dominate the sum of their
   *  magnitudes. */
  safeMean(rows: Uint32Array, values: Float64Array): number | null {
    const round = ++this.#round;
    let [subjects, count, sum, least, most] = [0, 0, 0, Infinity, -Infinity];
    for (const row of rows) {
      const value = values[row] ?? Number.NaN;
      if (Number.isNaN(value)) continue;
      const subject = this.#subjectOf(row);
      if (this.#seenIn[subject] !== round) {
        this.#seenIn[subject] = round;
        this.#sums[subject] = 0;
        subjects++;
      }
      this.#sums[subject] = (this.#sums[subject] ?? 0) + value;
      sum += value;
      count++;
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    if (subjects < MIN_CELL_SUBJECTS || least === most || this.#isDominated(rows, values, round)) return null;
    return sum / count;
  }

  /** Whether one or two of the subjects summed in `round` make up most of the sum of magnitudes. */
  #isDominated(rows: Uint32Array, values: Float64Array, round: number): boolean {
    let [total, largest, second] = [0, 0, 0];
    for (const row of rows) {
      const subject = this.#subjectOf(row);
      // Each subject once: its first row takes it out of the round.
      if (this.#seenIn[subject] !== round || Number.isNaN(values[row])) continue;
      this.#seenIn[subject] = 0;
      const contribution = Math.abs(this.#sums[subject] ?? 0);
      total += contribution;
      if (contribution > largest) [largest, second] = [contribution, largest];
      else if (contribution > second) second = contribution;
    }
    const remainder = total - largest - second;
    return total === 0 || largest + second > MAX_DOMINANT_SHARE * total || remainder < MIN_REMAINDER_RATIO * largest;
  }
}

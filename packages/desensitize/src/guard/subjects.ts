/** Whom rows are about: disclosure rules count persons or things, of which one may have many rows.
 *  @module */
import { SluiceError, type DomainFacts } from "@sluice/protocol";

/** Persons or things that whatever leaves covers at least (ACRO's `safe_threshold`). */
export const MIN_CELL_SUBJECTS = 10;

/** Subject of each row, as the domain numbered them; without numbers, every row is about another.
 *  @throws ERR_BODY_INVALID when there is not one number below `rowCount` for each row */
export function subjectsOf({ rowCount, subjects }: DomainFacts): Uint32Array {
  if (subjects === undefined) return Uint32Array.from({ length: rowCount }, (_, row) => row);
  if (subjects.length !== rowCount || subjects.some((subject) => subject >= rowCount)) {
    throw new SluiceError("ERR_BODY_INVALID", { pointer: "/subjects", expected: `${rowCount} numbers below it` });
  }
  return subjects;
}

/** How many persons or things the rows are about. @throws ERR_BODY_INVALID */
export function countSubjects(facts: DomainFacts): number {
  return facts.subjects === undefined ? facts.rowCount : new Set(subjectsOf(facts)).size;
}

/** Persons or things of a group, counted as far as anybody asks: up to MIN_CELL_SUBJECTS. */
export class SubjectThreshold {
  readonly #seen = new Set<number>();

  /** Counts `subject`; once there are enough, none is remembered. */
  add(subject: number): void {
    if (this.#seen.size < MIN_CELL_SUBJECTS) this.#seen.add(subject);
  }

  /** Whether there are MIN_CELL_SUBJECTS. */
  get reached(): boolean {
    return this.#seen.size >= MIN_CELL_SUBJECTS;
  }
}

/** Numbers the subjects of one cell after another from 0 on. */
export class SubjectNumbers {
  /** Group in which a subject was last seen, and its number there; subjects are below the number of rows. */
  readonly #seenIn: Uint16Array;
  readonly #numbers: Uint32Array;
  #group = 0;

  constructor(rowCount: number) {
    this.#seenIn = new Uint16Array(rowCount);
    this.#numbers = new Uint32Array(rowCount);
  }

  /** Replaces each of `subjects` by its number among them. Returns how many there are.
   *  For at most 65,535 groups. */
  number(subjects: Uint32Array): number {
    const [seenIn, numbers] = [this.#seenIn, this.#numbers];
    const group = ++this.#group;
    let count = 0;
    for (let i = 0; i < subjects.length; i++) {
      const subject = subjects[i] ?? 0;
      if (seenIn[subject] !== group) {
        seenIn[subject] = group;
        numbers[subject] = count++;
      }
      subjects[i] = numbers[subject] ?? 0;
    }
    return count;
  }
}

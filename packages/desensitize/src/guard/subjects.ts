/** Whom rows are about: disclosure rules count persons or things, of which one may have many rows.
 *  @module */
import { SluiceError, type DomainFacts } from "@sluice/protocol";

/** Persons or things that whatever leaves covers at least (ACRO's `safe_threshold`). */
export const MIN_CELL_SUBJECTS = 10;

/** Number of the person or thing that `row` is about. */
export type SubjectOf = (row: number) => number;

/** Subjects as the domain numbered them; without numbers, every row is about another.
 *  @throws ERR_BODY_INVALID when there is not one number below `rowCount` for each row */
export function subjectsOf({ rowCount, subjects }: DomainFacts): SubjectOf {
  if (subjects === undefined) return (row) => row;
  if (subjects.length !== rowCount || subjects.some((subject) => subject >= rowCount)) {
    throw new SluiceError("ERR_BODY_INVALID", { pointer: "/subjects", expected: `${rowCount} numbers below it` });
  }
  return (row) => subjects[row] ?? 0;
}

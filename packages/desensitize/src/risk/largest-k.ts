/** How far a drawn sample could go: for an officer whose policy asks for more.
 *  @module */
import { personsOf, type Classes } from "./classes.ts";

/** Largest k that the rows keep when at most `suppressionLimit` of them are left out; 0 without rows. */
export function largestK(classes: Classes, subjects: ArrayLike<number> | undefined, suppressionLimit: number): number {
  const persons = personsOf(classes, subjects);
  const rows = new Int32Array(classes.count);
  for (const number of classes.ofRow) rows[number] = (rows[number] ?? 0) + 1;
  const ascending = Array.from(persons.keys()).sort((a, b) => (persons[a] ?? 0) - (persons[b] ?? 0));
  let left = suppressionLimit * classes.ofRow.length;
  for (const number of ascending) {
    left -= rows[number] ?? 0;
    if (left < 0) return persons[number] ?? 0;
  }
  return persons[ascending.at(-1) ?? -1] ?? 0;
}

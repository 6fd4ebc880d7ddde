/** Who stands alone: in the sample, and truly, in the whole table. Nothing is estimated: the domain holds the population, so
 *  no model of one (Pitman, Zayatz, Dankar) is needed.
 *  @module */

/** Shares of persons. */
export interface Uniqueness {
  /** Of the sample's persons, those who are alone in their class of the sample. */
  readonly sample: number;
  /** Of the sample's persons, those who are alone there and in the whole table. */
  readonly population: number;
}

/** `persons[j]` and `population[j]` are fj and Fj. */
export function uniqueness(persons: ArrayLike<number>, population: ArrayLike<number>): Uniqueness {
  let [n, alone, truly] = [0, 0, 0];
  for (let j = 0; j < persons.length; j++) {
    n += persons[j] ?? 0;
    if (persons[j] !== 1) continue;
    alone++;
    if (population[j] === 1) truly++;
  }
  return n === 0 ? { sample: 0, population: 0 } : { sample: alone / n, population: truly / n };
}

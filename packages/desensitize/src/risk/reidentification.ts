/** Risks that somebody is found in a sample, as ARX reports them: by one who knows that the person is in it (prosecutor), by
 *  one who knows that they are in the whole table (journalist), and by one who wants many rather than one (marketer).
 *  @see Prasser, Kohlmayer: Putting Statistical Disclosure Control Into Practice: The ARX Data Anonymization Tool, 2015
 *  @module */

/** One attacker's chances. */
export interface AttackerRisk {
  /** Share of the sample's persons whose risk is above τ. */
  readonly atRisk: number;
  /** Risk of the person who is easiest to find. */
  readonly highest: number;
  /** Share of the persons who are found when all are looked for. */
  readonly average: number;
}

/** `persons[j]` is fj ≥ 1; `minPersons` is 1/τ. All 0 without classes. */
export function prosecutorRisk(persons: ArrayLike<number>, minPersons: number): AttackerRisk {
  return attackerRisk(persons, persons, minPersons);
}

/** `population[j]` is Fj ≥ fj: persons of class j in the whole table. */
export function journalistRisk(
  persons: ArrayLike<number>,
  population: ArrayLike<number>,
  minPersons: number,
): AttackerRisk {
  return attackerRisk(persons, population, minPersons);
}

/** (1/n) Σ fj/Fj: share of the sample's persons who are matched rightly when everyone in the table is matched with it. */
export function marketerRisk(persons: ArrayLike<number>, population: ArrayLike<number>): number {
  let [n, found] = [0, 0];
  for (let j = 0; j < persons.length; j++) {
    const f = persons[j] ?? 1;
    n += f;
    found += f / (population[j] ?? f);
  }
  return n === 0 ? 0 : found / n;
}

function attackerRisk(persons: ArrayLike<number>, hidden: ArrayLike<number>, minPersons: number): AttackerRisk {
  let [n, over, most, all] = [0, 0, 0, 0];
  for (let j = 0; j < persons.length; j++) {
    const [f, among] = [persons[j] ?? 1, hidden[j] ?? 1];
    n += f;
    all += among;
    if (among < minPersons) over += f;
    most = Math.max(most, 1 / among);
  }
  if (n === 0) return { atRisk: 0, highest: 0, average: 0 };
  return { atRisk: over / n, highest: most, average: Math.max(persons.length / all, marketerRisk(persons, hidden)) };
}

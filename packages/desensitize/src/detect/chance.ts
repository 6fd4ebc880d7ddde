/** How many values of a shape are identifiers by chance: one of ten runs of digits has a right check digit after Luhn.
 *  @module */

/** Standard deviations above what chance gives; random values are beyond them once in several hundred columns. */
const DEVIATIONS = 3;

/** Whether `found` identifiers among `shaped` values are more than twice what `chance` makes of them, and more than few values
 *  have by luck. */
export function beyondChance(found: number, shaped: number, chance: number): boolean {
  const expected = chance * shaped;
  return found > Math.max(2 * expected, expected + DEVIATIONS * Math.sqrt(expected * (1 - chance)));
}

/** Share of the values of one shape that are identifiers by chance. */
export const CHANCE = {
  /** Eleven digits that begin with 13 to 19. */
  mobile: 0.07,
  /** The same of a measure or an amount, whose first digits are small ones more often (Benford). */
  numericMobile: 0.19,
  /** A right check digit after Luhn. */
  luhn: 0.1,
  /** A right check character of an identity number. */
  residentIdCheck: 1 / 11,
  /** A date in fifteen digits that begin with a county. */
  shortId: 0.04,
  /** A date of two centuries in eighteen digits that begin with a province. */
  roundedId: 0.001,
} as const;

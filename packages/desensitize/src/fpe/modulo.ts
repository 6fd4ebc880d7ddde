/** Remainders of whole numbers in doubles, without a division.
 *  @module */

/** `number` modulo `size`, with `inverse` = 1 / `size`: exact for whole numbers below 2^53. The quotient is off by one at most,
 *  either way: the product is rounded twice. */
export function modulo(number: number, size: number, inverse: number): number {
  const rest = number - Math.floor(number * inverse) * size;
  if (rest < 0) return rest + size;
  return rest >= size ? rest - size : rest;
}

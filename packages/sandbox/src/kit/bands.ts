/** From a score to the code of its band.
 *  @module */

/** Code of the first cutoff that a value is below: `cutoffs` ascend; values above all give `cutoffs.length`. */
export function bands(values: ArrayLike<number>, cutoffs: readonly number[]): Uint8Array {
  const codes = new Uint8Array(values.length);
  for (let i = 0; i < codes.length; i++) {
    let code = 0;
    while (code < cutoffs.length && !((values[i] ?? 0) < (cutoffs[code] ?? 0))) code++;
    codes[i] = code;
  }
  return codes;
}

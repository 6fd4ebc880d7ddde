/** What is left of a number that user code chose: few digits, a bounded exponent, no sign of zero. Low digits of
 *  a double can carry rows; they never leave.
 *  @module */

/** Magnitudes that leave. Smaller ones become 0; larger ones are refused. */
export const MIN_MAGNITUDE = 1e-6;
/** Largest magnitude that leaves. */
export const MAX_MAGNITUDE = 1e9;

/** `value` to `digits` significant digits; 0 when it is smaller than `least`. `value` must be finite. */
export function roundToDigits(value: number, digits: number, least = MIN_MAGNITUDE): number {
  return Math.abs(value) < least ? 0 : Number(value.toPrecision(digits));
}

/** `count` to the nearest multiple of `base`, halves away from zero. */
export function roundToBase(count: number, base: number): number {
  return Math.sign(count) * Math.round(Math.abs(count) / base) * base;
}

/** Exact rational numbers: scales and privacy parameters are given as decimals and never become floating-point numbers,
 *  whose low bits are what published attacks on noise read.
 *  @see Mironov, On significance of the least significant bits for differential privacy (2012)
 *  @module */
import { SluiceError } from "@sluice/protocol";

/** numerator / denominator in lowest terms; the denominator is positive. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** Digits before and after the point of a privacy parameter. */
const DECIMAL = /^(0|[1-9][0-9]{0,5})(?:\.([0-9]{1,6}))?$/;

/** numerator / denominator in lowest terms. @throws RangeError unless the denominator is positive */
export function rational(numerator: bigint, denominator: bigint): Rational {
  if (denominator <= 0n) throw new RangeError("a denominator is positive");
  const divisor = greatestCommonDivisor(numerator < 0n ? -numerator : numerator, denominator);
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

/** The positive number that `text` writes: at most six digits before and six after the point, no sign, no exponent.
 *  @param field Names the parameter in the refusal
 *  @throws ERR_PRIVACY_PARAMETER */
export function positiveDecimal(text: string, field: string): Rational {
  const match = DECIMAL.exec(text);
  const [, whole = "", fraction = ""] = match ?? [];
  const value = match === null ? null : rational(BigInt(whole + fraction), 10n ** BigInt(fraction.length));
  if (value !== null && value.numerator > 0n) return value;
  throw new SluiceError("ERR_PRIVACY_PARAMETER", { field, expected: "a decimal above 0, as 0.25" });
}

/** ⌈numerator / denominator⌉ of numbers that are not negative. */
export function divideUp(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator;
}

/** ⌊√value⌋ by Newton's method in integers. @throws RangeError below zero */
export function squareRoot(value: bigint): bigint {
  if (value < 0n) throw new RangeError("a square root is of no negative number");
  if (value < 2n) return value;
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [large, small] = [a, b];
  while (small !== 0n) [large, small] = [small, large % small];
  return large;
}

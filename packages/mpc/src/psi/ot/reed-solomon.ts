/** The Reed–Solomon code [26, 11, 16] over GF(2^12): a message is a polynomial of 11 coefficients, its word the values at
 *  26 points. Two polynomials agree in 10 points at most, so two words differ in 16 symbols at least.
 *  @module */

/** x^12 + x^6 + x^4 + x + 1, which is primitive. */
const MODULUS = 0b1_0000_0101_0011;
const SYMBOL_BITS = 12;
const ORDER = 2 ** SYMBOL_BITS - 1;
/** Symbols of a message. */
export const RS_MESSAGE_SYMBOLS = 11;
/** Symbols of its word. */
export const RS_WORD_SYMBOLS = 26;

/** Powers of x, and logarithms to base x. */
const POWERS = new Uint16Array(ORDER);
const LOGARITHMS = new Uint16Array(ORDER + 1);
for (let power = 1, exponent = 0; exponent < ORDER; exponent++) {
  POWERS[exponent] = power;
  LOGARITHMS[power] = exponent;
  power <<= 1;
  if (power > ORDER) power ^= MODULUS;
}

/** The values of the polynomial whose coefficients `message` are, lowest first, at x^0, x^1, …, x^25. GF(2)-linear. */
export function reedSolomonWord(message: ArrayLike<number>): Uint16Array {
  const word = new Uint16Array(RS_WORD_SYMBOLS);
  for (let point = 0; point < RS_WORD_SYMBOLS; point++) {
    let value = 0;
    for (let i = RS_MESSAGE_SYMBOLS - 1; i >= 0; i--) value = timesPower(value, point) ^ (message[i] ?? 0);
    word[point] = value;
  }
  return word;
}

function timesPower(value: number, exponent: number): number {
  return value === 0 ? 0 : (POWERS[((LOGARITHMS[value] ?? 0) + exponent) % ORDER] ?? 0);
}

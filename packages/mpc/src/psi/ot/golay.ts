/** The extended binary Golay code [24, 12, 8]: the cyclic code of x^11 + x^9 + x^7 + x^6 + x^5 + x + 1 and a bit that makes
 *  every weight even. Two words differ in 8 of 24 bits at least.
 *  @module */

const GENERATOR = 0b1010_1110_0011;
/** Bits of a message. */
export const GOLAY_MESSAGE_BITS = 12;
/** Bits of its word. */
export const GOLAY_WORD_BITS = 24;

/** The word of a 12-bit message: message, remainder, parity. GF(2)-linear. */
export function golayWord(message: number): number {
  let remainder = message << 11;
  for (let bit = GOLAY_MESSAGE_BITS - 1; bit >= 0; bit--) {
    if (((remainder >> (bit + 11)) & 1) === 1) remainder ^= GENERATOR << bit;
  }
  const cyclic = (message << 11) | remainder;
  return (cyclic << 1) | parity(cyclic);
}

function parity(word: number): number {
  let folded = word;
  for (const shift of [16, 8, 4, 2, 1]) folded ^= folded >> shift;
  return folded & 1;
}

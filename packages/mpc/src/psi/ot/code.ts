/** The linear code [624, 132, 128] of the transfers' rows: Reed–Solomon [26, 11, 16] over GF(2^12), each symbol then a word of
 *  the extended Golay code [24, 12, 8]. Two words differ in 16 · 8 = 128 bits at least, provably, so whoever does not know a
 *  message must guess 128 bits of the sender's secret to use its word.
 *
 *  Messages are 17 bytes, lowest bit first, the upper 4 bits of the last byte without meaning; words are 78 bytes in rows of
 *  80. Encoding is XOR of one table row for each byte of the message.
 *  @see https://eprint.iacr.org/2016/933 (Orrù, Orsini, Scholl: rows are words of a linear code)
 *  @module */
import type { Bytes } from "@sluice/protocol";
import { GOLAY_MESSAGE_BITS, GOLAY_WORD_BITS, golayWord } from "./golay.ts";
import { RS_MESSAGE_SYMBOLS, RS_WORD_SYMBOLS, reedSolomonWord } from "./reed-solomon.ts";

/** Bits of a message. */
export const CODE_MESSAGE_BITS = RS_MESSAGE_SYMBOLS * GOLAY_MESSAGE_BITS;
/** Bits of a word. */
export const CODE_WORD_BITS = RS_WORD_SYMBOLS * GOLAY_WORD_BITS;
/** Bits that any two words differ in at least. */
export const CODE_DISTANCE = 128;
/** Bytes of a message. */
export const CODE_MESSAGE_BYTES = Math.ceil(CODE_MESSAGE_BITS / 8);
/** Bytes of a word. */
export const CODE_WORD_BYTES = CODE_WORD_BITS / 8;
/** Bytes of the row that a word lies in: a multiple of 16. */
export const CODE_ROW_BYTES = 80;

/** Clears the 4 bits of a message that mean nothing. */
export const LAST_BYTE_MASK = 2 ** (CODE_MESSAGE_BITS % 8) - 1;

/** The word of one message, computed without tables. */
export function codeWord(message: Bytes): Bytes {
  const symbols = Array.from({ length: RS_MESSAGE_SYMBOLS }, (_, i) => bits(message, i * GOLAY_MESSAGE_BITS));
  const word = new Uint8Array(CODE_WORD_BYTES);
  for (const [i, symbol] of reedSolomonWord(symbols).entries()) {
    const inner = golayWord(symbol);
    for (let byte = 0; byte < 3; byte++) word[3 * i + byte] = (inner >> (8 * byte)) & 0xff;
  }
  return word;
}

let tables: Bytes | undefined;

/** For each byte of a message and each of its 256 values the word, in a row of 80 bytes: 340 kB, computed once. */
export function codeTables(): Bytes {
  if (tables !== undefined) return tables;
  const made = new Uint8Array(CODE_MESSAGE_BYTES * 256 * CODE_ROW_BYTES);
  const message = new Uint8Array(CODE_MESSAGE_BYTES);
  for (let byte = 0; byte < CODE_MESSAGE_BYTES; byte++) {
    for (let value = 1; value < 256; value++) {
      message[byte] = value;
      made.set(codeWord(message), (byte * 256 + value) * CODE_ROW_BYTES);
    }
    message[byte] = 0;
  }
  tables = made;
  return made;
}

function bits(message: Bytes, from: number): number {
  let value = 0;
  for (let i = GOLAY_MESSAGE_BITS - 1; i >= 0; i--) {
    value = (value << 1) | (((message[(from + i) >> 3] ?? 0) >> ((from + i) & 7)) & 1);
  }
  return value;
}

/** The code [624, 132, 128]: weights of its parts, its distance, linearity, tables. @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  CODE_DISTANCE,
  CODE_MESSAGE_BITS,
  CODE_MESSAGE_BYTES,
  CODE_ROW_BYTES,
  CODE_WORD_BITS,
  CODE_WORD_BYTES,
  codeTables,
  codeWord,
} from "../src/psi/ot/code.ts";
import { golayWord } from "../src/psi/ot/golay.ts";
import { reedSolomonWord } from "../src/psi/ot/reed-solomon.ts";
import { seededRandom } from "./seeded-random.ts";

const weight = (bytes: Iterable<number>) => {
  let bits = 0;
  for (const byte of bytes) for (let rest = byte; rest > 0; rest &= rest - 1) bits++;
  return bits;
};
const xor = (a: Uint8Array, b: Uint8Array) => a.map((byte, i) => byte ^ (b[i] ?? 0));
const symbols = fc.array(fc.nat({ max: 4095 }), { minLength: 11, maxLength: 11 });
const messages = fc.uint8Array({ minLength: CODE_MESSAGE_BYTES, maxLength: CODE_MESSAGE_BYTES }).map((bytes) => {
  bytes[16] = (bytes[16] ?? 0) & 15;
  return bytes;
});

/** Product in GF(2^12), bit by bit: shares nothing with the code's tables. */
function times(a: number, b: number): number {
  let product = 0;
  for (let bit = 11; bit >= 0; bit--) {
    product <<= 1;
    if (product >> 12) product ^= 0x1053;
    if ((b >> bit) & 1) product ^= a;
  }
  return product;
}
const power = (a: number, exponent: number): number => (exponent === 0 ? 1 : times(a, power(a, exponent - 1)));
/** a^(2^12 - 2): the product of its squares, of theirs, and so on. */
function inverse(a: number): number {
  let [product, square] = [1, a];
  for (let i = 0; i < 11; i++) {
    square = times(square, square);
    product = times(product, square);
  }
  return product;
}
const POINTS = Array.from({ length: 26 }, (_, i) => power(2, i));

/** 12-bit symbols as the bytes of a message. */
function packed(values: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(CODE_MESSAGE_BYTES);
  for (let bit = 0; bit < CODE_MESSAGE_BITS; bit++) {
    if (((values[Math.floor(bit / 12)] ?? 0) >> (bit % 12)) & 1)
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (1 << (bit & 7));
  }
  return bytes;
}

test("the inner code has exactly the weights of the extended Golay code", () => {
  const found = new Map<number, number>();
  for (let message = 0; message < 4096; message++) {
    const bits = weight([golayWord(message) & 0xff, (golayWord(message) >> 8) & 0xff, golayWord(message) >> 16]);
    found.set(bits, (found.get(bits) ?? 0) + 1);
  }
  expect([...found].toSorted(([a], [b]) => a - b)).toEqual([
    [0, 1],
    [8, 759],
    [12, 2576],
    [16, 759],
    [24, 1],
  ]);
});

test("the points of the outer code are 26 different ones, since 2 generates the field", () => {
  expect(new Set(POINTS).size).toBe(26);
  expect([3, 5, 7, 13].every((prime) => power(2, 4095 / prime) !== 1)).toBe(true);
  expect(power(2, 4095)).toBe(1);
});

test("the outer code evaluates a polynomial", () => {
  fc.assert(
    fc.property(symbols, (message) => {
      const expected = POINTS.map((x) => message.reduce((sum, c, i) => sum ^ times(c, power(x, i)), 0));
      expect([...reedSolomonWord(message)]).toEqual(expected);
    }),
    { numRuns: 20 },
  );
});

test("any 11 symbols of a word of the outer code determine all of it", () => {
  const elevens = fc.shuffledSubarray([...POINTS.keys()], { minLength: 11, maxLength: 11 });
  fc.assert(
    fc.property(symbols, elevens, (message, known) => {
      const word = reedSolomonWord(message);
      const interpolated = POINTS.map((x) => {
        let value = 0;
        for (const i of known) {
          let term = word[i] ?? 0;
          for (const j of known) {
            if (j !== i) term = times(term, times(x ^ (POINTS[j] ?? 0), inverse((POINTS[i] ?? 0) ^ (POINTS[j] ?? 0))));
          }
          value ^= term;
        }
        return value;
      });
      expect(interpolated).toEqual([...word]);
    }),
    { numRuns: 5 },
  );
});

test("words of the fewest symbols, 16, still have 128 bits, and some have exactly 128", () => {
  const roots = fc.shuffledSubarray(POINTS, { minLength: 10, maxLength: 10 });
  let least = Infinity;
  fc.assert(
    fc.property(roots, fc.integer({ min: 1, max: 4095 }), (zeros, factor) => {
      // The polynomial that is 0 at ten points of the code.
      let coefficients = [factor];
      for (const zero of zeros) {
        coefficients = [0, ...coefficients].map((c, i) => c ^ times(zero, coefficients[i] ?? 0));
      }
      expect(reedSolomonWord(coefficients).filter((symbol) => symbol !== 0)).toHaveLength(16);
      least = Math.min(least, weight(codeWord(packed(coefficients))));
    }),
    { numRuns: 300 },
  );
  expect(least).toBeGreaterThanOrEqual(CODE_DISTANCE);
});

test("no message of one or two bits, and no random combination, has a word of fewer than 128 bits", () => {
  const words = Array.from({ length: CODE_MESSAGE_BITS }, (_, bit) => {
    const message = new Uint8Array(CODE_MESSAGE_BYTES);
    message[bit >> 3] = 1 << (bit & 7);
    return codeWord(message);
  });
  for (const [i, word] of words.entries()) {
    expect(weight(word)).toBeGreaterThanOrEqual(CODE_DISTANCE);
    for (const other of words.slice(i + 1)) {
      if (weight(xor(word, other)) < CODE_DISTANCE) throw new Error(`two words from ${i} are too near`);
    }
  }
  const random = seededRandom(1);
  for (let i = 0; i < 500; i++) {
    expect(weight(codeWord(random.bytes(CODE_MESSAGE_BYTES)))).toBeGreaterThanOrEqual(CODE_DISTANCE);
  }
});

test("the code is linear, 0 is a word, and the last four bits of a message mean nothing", () => {
  fc.assert(
    fc.property(messages, messages, (a, b) => {
      expect(xor(codeWord(a), codeWord(b))).toEqual(codeWord(xor(a, b)));
      expect(codeWord(a.with(16, (a[16] ?? 0) | 0xf0))).toEqual(codeWord(a));
    }),
    { numRuns: 50 },
  );
  expect(weight(codeWord(new Uint8Array(CODE_MESSAGE_BYTES)))).toBe(0);
  expect(CODE_WORD_BITS).toBe(624);
});

test("tables give the same words, and rows end in zeros", () => {
  const tables = codeTables();
  fc.assert(
    fc.property(messages, (message) => {
      const row = message.reduce((sum, value, byte) => {
        const at = (byte * 256 + value) * CODE_ROW_BYTES;
        return xor(sum, tables.subarray(at, at + CODE_ROW_BYTES));
      }, new Uint8Array(CODE_ROW_BYTES));
      expect(row.subarray(0, CODE_WORD_BYTES)).toEqual(codeWord(message));
      expect(weight(row.subarray(CODE_WORD_BYTES))).toBe(0);
    }),
    { numRuns: 50 },
  );
});

/** FF1 (NIST SP 800-38G) on batches of numbers: the halves of all values are doubles, and each round is one call of the
 *  block cipher for the whole batch. Exact while a half is at most 2^37: see `MAX_HALF`.
 *  @module */
import { BLOCK_BYTES, type BlockCipher } from "./block-cipher.ts";
import { FF1_ROUNDS, ff1Setting, type Ff1Options } from "./ff1-setting.ts";
import { modulo } from "./modulo.ts";

/** Largest number of values of a half: 16 bits more stay below 2^53, where doubles are exact. Decimal values of up to 22
 *  digits have such halves. */
export const MAX_HALF = 2 ** 37;
/** Up to here, 32 bits more and a half do, so that a round's number is reduced in one step. */
const MAX_ONE_STEP_HALF = 2 ** 20;
/** Values enciphered together: their blocks stay in the processor's cache. */
const BATCH = 4_096;

/** A permutation of pairs of halves. */
export class Ff1Halves {
  /** Values of a left half: from 0 to one less. */
  readonly leftSize: number;
  readonly rightSize: number;
  readonly #cipher: BlockCipher;
  readonly #b: number;
  readonly #wordsOf16: number;
  /** Last eight bytes of the chained state, as two words; the ten bytes before them never change. */
  readonly #high: number;
  readonly #low: number;
  readonly #blocks: Uint8Array;
  readonly #view: DataView;

  /** @throws RangeError as `ff1Setting` does, or when a half has more than `MAX_HALF` values. */
  constructor(cipher: BlockCipher, options: Ff1Options) {
    const { b, d, leftSize, rightSize, state } = ff1Setting(cipher, options);
    if (rightSize > BigInt(MAX_HALF)) throw new RangeError("a half is beyond what doubles hold exactly");
    this.#cipher = cipher;
    this.#b = b;
    this.#wordsOf16 = d / 2;
    this.leftSize = Number(leftSize);
    this.rightSize = Number(rightSize);
    this.#blocks = new Uint8Array(BATCH * BLOCK_BYTES);
    this.#view = new DataView(this.#blocks.buffer);
    for (let at = 0; at < this.#blocks.length; at += BLOCK_BYTES) this.#blocks.set(state, at);
    this.#high = this.#view.getUint32(8);
    this.#low = this.#view.getUint32(12);
  }

  /** Enciphers the first `count` pairs in place. Each half is a whole number below its size. */
  encrypt(left: Float64Array, right: Float64Array, count: number): void {
    for (let from = 0; from < count; from += BATCH) {
      const to = Math.min(count, from + BATCH);
      for (let round = 0; round < FF1_ROUNDS; round++) this.#round(round, left, right, from, to, 1);
    }
  }

  /** Undoes `encrypt`. */
  decrypt(left: Float64Array, right: Float64Array, count: number): void {
    for (let from = 0; from < count; from += BATCH) {
      const to = Math.min(count, from + BATCH);
      for (let round = FF1_ROUNDS - 1; round >= 0; round--) this.#round(round, left, right, from, to, -1);
    }
  }

  /** Halves change places in the standard; here they stay, and rounds take turns in which half they change. */
  #round(round: number, left: Float64Array, right: Float64Array, from: number, to: number, sign: 1 | -1): void {
    const [changed, read, size] = round % 2 === 0 ? [left, right, this.leftSize] : [right, left, this.rightSize];
    this.#writeBlocks(round, read, from, to);
    const output = this.#cipher.encrypt(this.#blocks.subarray(0, (to - from) * BLOCK_BYTES));
    const words = new DataView(output.buffer, output.byteOffset, output.byteLength);
    if (size <= MAX_ONE_STEP_HALF && this.#wordsOf16 === 4) addOneStep(words, changed, from, to, size, sign);
    else addSteps(words, this.#wordsOf16, changed, from, to, size, sign);
  }

  /** The round's number and `b` bytes of each half, added to the chained state. */
  #writeBlocks(round: number, read: Float64Array, from: number, to: number): void {
    const view = this.#view;
    const b = this.#b;
    if (b <= 3) {
      const low = this.#low ^ (round << (8 * b));
      for (let i = from, at = 12; i < to; i++, at += BLOCK_BYTES) view.setUint32(at, low ^ (read[i] ?? 0));
      return;
    }
    const high = this.#high ^ (round << (8 * (b - 4)));
    for (let i = from, at = 8; i < to; i++, at += BLOCK_BYTES) {
      const half = read[i] ?? 0;
      view.setUint32(at, high ^ Math.floor(half / 2 ** 32));
      view.setUint32(at + 4, this.#low ^ (half >>> 0));
    }
  }
}

/** Adds the first eight bytes of each block to each half, modulo `size`, which is at most `MAX_ONE_STEP_HALF`. */
function addOneStep(
  words: DataView,
  changed: Float64Array,
  from: number,
  to: number,
  size: number,
  sign: 1 | -1,
): void {
  const inverse = 1 / size;
  const carry = 2 ** 32 % size;
  for (let i = from, at = 0; i < to; i++, at += BLOCK_BYTES) {
    const number = words.getUint32(at) * carry + words.getUint32(at + 4);
    // One reduction and no second comparison: which way that went would be a coin's toss for the processor.
    changed[i] =
      sign === 1
        ? modulo(number + (changed[i] ?? 0), size, inverse)
        : modulo((changed[i] ?? 0) - modulo(number, size, inverse) + size, size, inverse);
  }
}

/** The same for every size, from `count` numbers of 16 bits. */
function addSteps(
  words: DataView,
  count: number,
  changed: Float64Array,
  from: number,
  to: number,
  size: number,
  sign: 1 | -1,
): void {
  const inverse = 1 / size;
  for (let i = from, block = 0; i < to; i++, block += BLOCK_BYTES) {
    let number = 0;
    for (let at = block; at < block + 2 * count; at += 2) {
      number = modulo(number * 65_536 + words.getUint16(at), size, inverse);
    }
    changed[i] = modulo((changed[i] ?? 0) + sign * number + size, size, inverse);
  }
}

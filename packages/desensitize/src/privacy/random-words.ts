/** Uniform integers from a pool of random bytes. Every draw is exact: what does not divide evenly is drawn again. A word
 *  is wiped from the pool once it is used, since who knows it can take the noise off an answer.
 *  @module */
import type { Random } from "@sluice/protocol";

/** Words that are fetched at once. */
const POOL_WORDS = 4_096;
const WORD = 2 ** 32;
/** Up to this bound a word times it is an exact double. */
const MAX_MULTIPLIED = 2 ** 21;

/** A pool over one source of randomness. */
export class RandomWords {
  readonly #random: Random;
  readonly #pool = new Uint32Array(POOL_WORDS);
  #next = POOL_WORDS;
  #bits = 0;
  #bitsLeft = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** 32 bits. */
  word(): number {
    if (this.#next === POOL_WORDS) this.#refill();
    const word = this.#pool[this.#next] ?? 0;
    this.#pool[this.#next++] = 0;
    return word;
  }

  /** One bit. */
  bit(): boolean {
    if (this.#bitsLeft === 0) {
      this.#bits = this.word();
      this.#bitsLeft = 32;
    }
    const bit = (this.#bits & 1) === 1;
    this.#bits >>>= 1;
    this.#bitsLeft--;
    return bit;
  }

  /** A whole number in [0, bound). @param bound From 1 to 2^53 */
  below(bound: number): number {
    if (bound <= MAX_MULTIPLIED) return this.#multiplied(bound);
    // The fewest bits that hold bound - 1: more than every second draw is below the bound.
    const highest = bound - 1;
    const highBits = highest < WORD ? 0 : 32 - Math.clz32(Math.floor(highest / WORD));
    const lowBits = highBits > 0 ? 32 : 32 - Math.clz32(highest);
    for (;;) {
      const high = highBits === 0 ? 0 : this.word() >>> (32 - highBits);
      const drawn = high * WORD + (this.word() >>> (32 - lowBits));
      if (drawn < bound) return drawn;
    }
  }

  /** A whole number in [0, bound). @param bound At least 1 */
  belowBig(bound: bigint): bigint {
    const bits = (bound - 1n).toString(2).length;
    for (;;) {
      let drawn = 0n;
      for (let left = bits; left > 0; left -= 32) {
        const taken = Math.min(left, 32);
        drawn = (drawn << BigInt(taken)) | BigInt(this.word() >>> (32 - taken));
      }
      if (drawn < bound) return drawn;
    }
  }

  /** @see Lemire, Fast random integer generation in an interval (2019), algorithm 5 */
  #multiplied(bound: number): number {
    let product = this.word() * bound;
    let low = product >>> 0;
    if (low < bound) {
      const rejected = WORD % bound;
      while (low < rejected) {
        product = this.word() * bound;
        low = product >>> 0;
      }
    }
    return (product - low) / WORD;
  }

  #refill(): void {
    const bytes = this.#random.bytes(this.#pool.byteLength);
    new Uint8Array(this.#pool.buffer).set(bytes);
    bytes.fill(0);
    this.#next = 0;
  }
}

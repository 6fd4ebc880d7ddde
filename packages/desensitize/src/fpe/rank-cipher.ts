/** A keyed permutation of the numbers below any size from a million up: FF1 on an even number of numerals whose radix makes
 *  the domain just larger, and what falls beyond the size is enciphered again until it does not (cycle walking, which keeps
 *  a permutation a permutation).
 *  @module */
import { utf8 } from "@sluice/protocol";
import type { BlockCipher } from "./block-cipher.ts";
import { Ff1Halves } from "./ff1-halves.ts";
import { MAX_FF1_RADIX, MIN_FF1_DOMAIN } from "./ff1-setting.ts";

/** Largest domain: ranks just beyond it are still exact in doubles. */
const MAX_RANKS = 2 ** 52;

/** A permutation of the whole numbers from 0 to one below a size. */
export class RankCipher {
  readonly #size: number;
  readonly #accepts: ((rank: number) => boolean) | undefined;
  readonly #ff1: Ff1Halves;
  #left = new Float64Array(0);
  #right = new Float64Array(0);

  /** `name` makes the permutation another one under the same key. With `accepts`, only the ranks that it accepts are permuted,
   *  among themselves. @throws RangeError when `size` is below a million or beyond 2^52. */
  constructor(cipher: BlockCipher, options: { name: string; size: number; accepts?: (rank: number) => boolean }) {
    const { name, size, accepts } = options;
    if (!Number.isInteger(size) || size < MIN_FF1_DOMAIN || size > MAX_RANKS) {
      throw new RangeError(`a domain has ${MIN_FF1_DOMAIN} to 2^52 ranks`);
    }
    this.#size = size;
    this.#accepts = accepts;
    this.#ff1 = new Ff1Halves(cipher, { ...numeralsFor(size), tweak: utf8(name) });
  }

  /** Enciphers the first `count` ranks in place; each is below the size, and accepted. */
  encrypt(ranks: Float64Array, count: number): void {
    this.#walk(ranks, count, (left, right, length) => this.#ff1.encrypt(left, right, length));
  }

  /** Undoes `encrypt`. */
  decrypt(ranks: Float64Array, count: number): void {
    this.#walk(ranks, count, (left, right, length) => this.#ff1.decrypt(left, right, length));
  }

  #walk(
    ranks: Float64Array,
    count: number,
    step: (left: Float64Array, right: Float64Array, length: number) => void,
  ): void {
    if (this.#left.length < count) {
      this.#left = new Float64Array(count);
      this.#right = new Float64Array(count);
    }
    const [left, right] = [this.#left, this.#right];
    const size = this.#ff1.rightSize;
    for (let i = 0; i < count; i++) {
      const high = Math.floor((ranks[i] ?? 0) / size);
      left[i] = high;
      right[i] = (ranks[i] ?? 0) - high * size;
    }
    step(left, right, count);
    const outside: number[] = [];
    for (let i = 0; i < count; i++) {
      const rank = (left[i] ?? 0) * size + (right[i] ?? 0);
      ranks[i] = rank;
      if (rank >= this.#size || this.#accepts?.(rank) === false) outside.push(i);
    }
    if (outside.length === 0) return;
    const again = Float64Array.from(outside, (i) => ranks[i] ?? 0);
    this.#walk(again, again.length, step);
    for (const [j, i] of outside.entries()) ranks[i] = again[j] ?? 0;
  }
}

/** Fewest numerals, in two equal halves, of which there are at least `size` strings. */
function numeralsFor(size: number): { radix: number; length: number } {
  for (let length = 2; ; length += 2) {
    let radix = Math.ceil(size ** (1 / length));
    // Exact, whatever the engine's power rounds to: the radix is part of the permutation.
    while (BigInt(radix) ** BigInt(length) < BigInt(size)) radix++;
    while (BigInt(radix - 1) ** BigInt(length) >= BigInt(size)) radix--;
    if (radix <= MAX_FF1_RADIX) return { radix, length };
  }
}

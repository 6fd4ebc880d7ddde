/** Seeded randomness for the demo city: xoshiro128** (Blackman, Vigna), seeded from SHA-256 of seed and stream name,
 *  so that one table can change without the others. For made-up data only.
 *  @module */
import { createHash } from "node:crypto";

/** One stream of pseudo-random numbers. */
export class SeededRandom {
  readonly #state: Uint32Array;

  constructor(seed: string, stream: string) {
    const digest = createHash("sha256").update(`sluice/demo-city/v1\n${stream}\n${seed}`, "utf8").digest();
    this.#state = Uint32Array.from({ length: 4 }, (_, i) => digest.readUInt32LE(4 * i));
  }

  /** A whole number of 32 bits. */
  uint32(): number {
    const state = this.#state;
    const [s0 = 0, s1 = 0, s2 = 0, s3 = 0] = state;
    const scrambled = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
    const third = s2 ^ s0;
    const fourth = s3 ^ s1;
    state[1] = s1 ^ third;
    state[0] = s0 ^ fourth;
    state[2] = third ^ (s1 << 9);
    state[3] = rotateLeft(fourth, 11);
    return scrambled;
  }

  /** A number in [0, 1). */
  float(): number {
    return this.uint32() / 2 ** 32;
  }

  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.float() * (max - min + 1));
  }

  /** A number of the normal distribution with mean 0 and deviation 1. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.float()));
    return radius * Math.cos(2 * Math.PI * this.float());
  }

  /** Whether an event of this probability happens. */
  chance(probability: number): boolean {
    return this.float() < probability;
  }

  /** One of `items`, all alike. */
  pick<T>(items: readonly [T, ...T[]]): T {
    return items[Math.floor(this.float() * items.length)] ?? items[0];
  }

  /** One of `items` by their weights. */
  weighted<T>(items: readonly [Weighted<T>, ...Weighted<T>[]]): T {
    let total = 0;
    for (const [, weight] of items) total += weight;
    let rest = this.float() * total;
    for (const [item, weight] of items) {
      rest -= weight;
      if (rest < 0) return item;
    }
    return items[0][0];
  }
}

/** An item with its weight. */
export type Weighted<T> = readonly [item: T, weight: number];

function rotateLeft(word: number, bits: number): number {
  return ((word << bits) | (word >>> (32 - bits))) >>> 0;
}

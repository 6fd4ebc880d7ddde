/** Exact sums of whole numbers that are doubles: they are moved to integers of any size before a double could round.
 *  @module */

/** Adds up vectors whose elements are at most `bounds` by magnitude, each at most 2^50. */
export class ExactSums {
  readonly #doubles: Float64Array;
  readonly #whole: bigint[];
  readonly #rowsBetween: number;
  #rows = 0;

  constructor(bounds: readonly number[]) {
    this.#doubles = new Float64Array(bounds.length);
    this.#whole = bounds.map(() => 0n);
    const largest = bounds.reduce((most, bound) => Math.max(most, bound), 1);
    this.#rowsBetween = Math.floor(Number.MAX_SAFE_INTEGER / largest);
  }

  /** Adds the whole number `value` to element `i`, at most once for each row. */
  add(i: number, value: number): void {
    this.#doubles[i] = (this.#doubles[i] ?? 0) + value;
  }

  /** Ends a row. */
  endRow(): void {
    if (++this.#rows === this.#rowsBetween) this.#move();
  }

  /** The sums. */
  finish(): bigint[] {
    this.#move();
    return this.#whole;
  }

  #move(): void {
    for (const [i, value] of this.#doubles.entries()) this.#whole[i] = (this.#whole[i] ?? 0n) + BigInt(value);
    this.#doubles.fill(0);
    this.#rows = 0;
  }
}

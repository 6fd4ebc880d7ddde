/** Who reads which index now: one that a later build replaced is removed when its last reader has ended.
 *  @module */

/** Counts the readers of indexes. */
export class IndexReaders {
  readonly #remove: (index: string) => Promise<void>;
  readonly #readers = new Map<string, number>();
  readonly #replaced = new Set<string>();

  /** `remove` deletes what nobody reads; what it fails to delete stays until the next start. */
  constructor(remove: (index: string) => Promise<void>) {
    this.#remove = remove;
  }

  /** Runs `work`, during which `index` stays. Call it in the turn in which the state named the index. */
  async read<T>(index: string | null, work: () => Promise<T>): Promise<T> {
    if (index === null) return work();
    this.#readers.set(index, (this.#readers.get(index) ?? 0) + 1);
    try {
      return await work();
    } finally {
      const left = (this.#readers.get(index) ?? 1) - 1;
      if (left > 0) this.#readers.set(index, left);
      else this.#readers.delete(index);
      await this.#sweep(index);
    }
  }

  /** Removes `index`, which no product serves from now on, as soon as nobody reads it. */
  async replace(index: string): Promise<void> {
    this.#replaced.add(index);
    await this.#sweep(index);
  }

  async #sweep(index: string): Promise<void> {
    if (this.#readers.has(index) || !this.#replaced.delete(index)) return;
    await this.#remove(index).catch(() => {});
  }
}

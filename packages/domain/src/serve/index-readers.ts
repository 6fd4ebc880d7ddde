/** Who reads which index now: one that a later build replaced is removed when its last reader has ended.
 *  @module */
import type { Sha256Hex } from "@sluice/protocol";

/** Counts the readers of indexes. */
export class IndexReaders {
  readonly #remove: (index: string, snapshot: Sha256Hex) => Promise<void>;
  readonly #readers = new Map<string, number>();
  /** Snapshots of what was replaced, by index. */
  readonly #replaced = new Map<string, Sha256Hex>();

  /** `remove` deletes what nobody reads; what it fails to delete stays until the next start. */
  constructor(remove: (index: string, snapshot: Sha256Hex) => Promise<void>) {
    this.#remove = remove;
  }

  /** Runs `work`, during which `indexes` stay. Call it in the turn in which the state named them. */
  async read<T>(indexes: readonly string[], work: () => Promise<T>): Promise<T> {
    for (const index of indexes) this.#readers.set(index, (this.#readers.get(index) ?? 0) + 1);
    try {
      return await work();
    } finally {
      for (const index of indexes) {
        const left = (this.#readers.get(index) ?? 1) - 1;
        if (left > 0) this.#readers.set(index, left);
        else this.#readers.delete(index);
      }
      for (const index of indexes) await this.#sweep(index);
    }
  }

  /** Removes `index`, which no product serves from now on, as soon as nobody reads it. `snapshot` is what it answered for. */
  async replace(index: string, snapshot: Sha256Hex): Promise<void> {
    this.#replaced.set(index, snapshot);
    await this.#sweep(index);
  }

  async #sweep(index: string): Promise<void> {
    const snapshot = this.#replaced.get(index);
    if (this.#readers.has(index) || snapshot === undefined) return;
    this.#replaced.delete(index);
    await this.#remove(index, snapshot).catch(() => {});
  }
}

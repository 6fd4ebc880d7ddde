/** Which row of a table has a key: a table of row numbers by open addressing, eight to sixteen bytes a row. Equality is decided by the
 *  bytes of keys, never by their hash.
 *  @module */
import { type KeyColumn, turnAfter } from "./key-column.ts";

/** Slots for each row, at least: half of them stay empty, so that searches are short. */
const SLOTS_PER_ROW = 2;

/** The rows of one column by key. */
export class KeyIndex {
  readonly #keys: KeyColumn;
  /** One more than a row, or 0. */
  readonly #slots: Uint32Array;

  private constructor(keys: KeyColumn) {
    this.#keys = keys;
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(Math.max(1, keys.length) * SLOTS_PER_ROW)));
  }

  /** Indexes every row; `onRow` is told the first row that has the key of each: itself when none before it has.
   *  @throws ERR_CANCELLED, and what `onRow` throws */
  static async of(
    keys: KeyColumn,
    signal: AbortSignal | undefined,
    onRow: (row: number, first: number) => void = () => {},
  ): Promise<KeyIndex> {
    const index = new KeyIndex(keys);
    for (let row = 0; row < keys.length; row++) {
      const slot = index.#slotOf(keys, row);
      if (index.#slots[slot] === 0) index.#slots[slot] = row + 1;
      onRow(row, (index.#slots[slot] ?? 0) - 1);
      await turnAfter(row, signal);
    }
    return index;
  }

  /** The first row that has the key of row `row` of `keys`; null when none has. */
  find(keys: KeyColumn, row: number): number | null {
    const found = this.#slots[this.#slotOf(keys, row)] ?? 0;
    return found === 0 ? null : found - 1;
  }

  /** The slot of that key, or the empty one in which it would be. */
  #slotOf(keys: KeyColumn, row: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = keys.hash(row) & mask; ; slot = (slot + 1) & mask) {
      const found = this.#slots[slot] ?? 0;
      if (found === 0 || this.#keys.isEqual(found - 1, keys, row)) return slot;
    }
  }
}

/** For each row the number of its key among the distinct ones, in the order in which they come: below the number of rows.
 *  @throws ERR_CANCELLED */
export async function numberKeys(keys: KeyColumn, signal: AbortSignal | undefined): Promise<Uint32Array> {
  const numbers = new Uint32Array(keys.length);
  let distinct = 0;
  await KeyIndex.of(keys, signal, (row, first) => {
    numbers[row] = first === row ? distinct++ : (numbers[first] ?? 0);
  });
  return numbers;
}

/** Finds which of a role's own tags are among the tags that come: a table by their first four bytes.
 *  @module */
import { PSI_TAG_BYTES, type Bytes } from "@sluice/protocol";

/** Slots to a tag: half of them empty at least. */
const SLOTS_PER_TAG = 2;

/** The tags of some entries. */
export class MatchTable {
  readonly #tags: Bytes;
  readonly #mask: number;
  /** Entry and one, or 0. */
  readonly #slots: Uint32Array;

  /** @param tags 12 bytes for each entry. @param entries those that the table is for. */
  constructor(tags: Bytes, entries: Uint32Array) {
    this.#tags = tags;
    const size = 2 ** Math.ceil(Math.log2(SLOTS_PER_TAG * entries.length + 2));
    this.#mask = size - 1;
    this.#slots = new Uint32Array(size);
    for (const entry of entries) {
      let slot = this.#slotOf(tags, entry * PSI_TAG_BYTES);
      while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = entry + 1;
    }
  }

  /** Sets `matches[entry]` to 1 for each entry whose tag is among `others`. */
  mark(others: Bytes, matches: Bytes): void {
    for (let at = 0; at < others.length; at += PSI_TAG_BYTES) {
      for (let slot = this.#slotOf(others, at); this.#slots[slot] !== 0; slot = (slot + 1) & this.#mask) {
        const entry = (this.#slots[slot] ?? 0) - 1;
        if (this.#equal(entry * PSI_TAG_BYTES, others, at)) matches[entry] = 1;
      }
    }
  }

  #slotOf(tags: Bytes, at: number): number {
    const low =
      (tags[at] ?? 0) | ((tags[at + 1] ?? 0) << 8) | ((tags[at + 2] ?? 0) << 16) | ((tags[at + 3] ?? 0) << 24);
    return low & this.#mask;
  }

  #equal(own: number, others: Bytes, at: number): boolean {
    for (let i = 0; i < PSI_TAG_BYTES; i++) if (this.#tags[own + i] !== others[at + i]) return false;
    return true;
  }
}

/** Finds which of a role's own tags are among the tags that come: a table by their first four bytes, over the tags of one bin,
 *  which stay in the cache.
 *  @module */
import { PSI_TAG_BYTES, type Bytes } from "@sluice/protocol";
import { wordsOver } from "./engine.ts";

const TAG_WORDS = PSI_TAG_BYTES / 4;
/** Slots to a tag: half of them empty at least. */
const SLOTS_PER_TAG = 2;

/** The tags of some entries. */
export class MatchTable {
  readonly #tags: Uint32Array;
  readonly #mask: number;
  /** Number of a tag and one, or 0. */
  readonly #slots: Uint32Array;
  /** Bits of the tags' second words that slots hold above the number, so that few others' tags are looked at. */
  readonly #print: number;

  /** @param tags 12 bytes each. */
  constructor(tags: Bytes) {
    const words = wordsOver(tags);
    const count = words.length / TAG_WORDS;
    const mask = 2 ** Math.ceil(Math.log2(SLOTS_PER_TAG * count + 2)) - 1;
    const print = ~mask;
    const slots = new Uint32Array(mask + 1);
    for (let i = 0, at = 0; i < count; i++, at += TAG_WORDS) {
      let slot = (words[at] ?? 0) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = ((words[at + 1] ?? 0) & print) | (i + 1);
    }
    this.#tags = words;
    this.#mask = mask;
    this.#slots = slots;
    this.#print = print;
  }

  /** Sets `matches[i]` to 1 for each tag i that is among `others`. */
  mark(others: Bytes, matches: Bytes): void {
    const [mask, print, slots, own] = [this.#mask, this.#print, this.#slots, this.#tags];
    const words = wordsOver(others);
    for (let at = 0; at < words.length; at += TAG_WORDS) {
      const first = words[at] ?? 0;
      const second = words[at + 1] ?? 0;
      for (let slot = first & mask; ; slot = (slot + 1) & mask) {
        const held = slots[slot] ?? 0;
        if (held === 0) break;
        if (((held ^ second) & print) !== 0) continue;
        const i = (held & mask) - 1;
        const tag = i * TAG_WORDS;
        if (own[tag] === first && own[tag + 1] === second && own[tag + 2] === words[at + 2]) matches[i] = 1;
      }
    }
  }
}

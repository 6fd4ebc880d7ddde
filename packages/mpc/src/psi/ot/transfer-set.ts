/** The entries of one side, hashed once: what both roles work with, and what a domain keeps for all sessions of a snapshot.
 *  @module */
import { concatBytes, MAX_PSI_ENTRY_BYTES, SluiceError, type Bytes } from "@sluice/protocol";
import { psiEntry } from "../entry.ts";
import { hashMany } from "../okvs/bulk.ts";
import { openEngine, wipeEngine, wordsOver } from "./engine.ts";
import { HASH_BYTES } from "./items.ts";

/** Entries of one length that are hashed together. */
const BATCH = 4_096;
const HASH_WORDS = HASH_BYTES / 4;

/** Distinct entries. */
export interface TransferSet {
  readonly count: number;
  /** SHA-256 of each, one after another. */
  readonly digests: Bytes;
}

/** The hashes of distinct entries, in their order: as in many calls of SHA-256, but entries of one length together. No entry
 *  stays in the memory that it was hashed in.
 *  @throws ERR_OPRF_INPUT when one cannot be an entry, or occurs twice. */
export function transferSet(entries: readonly string[]): TransferSet {
  const digests = new Uint32Array(entries.length * HASH_WORDS);
  const waiting = new Map<number, Batch>();
  const batchOf = (length: number): Batch => {
    let batch = waiting.get(length);
    if (batch === undefined) waiting.set(length, (batch = new Batch(length)));
    return batch;
  };
  try {
    for (let index = 0; index < entries.length; index++) {
      const entry = entries[index] ?? "";
      let batch = entry.length > 0 && entry.length <= MAX_PSI_ENTRY_BYTES ? batchOf(entry.length) : undefined;
      if (batch?.addAscii(entry, index) !== true) {
        const bytes = psiEntry(entry);
        batch = batchOf(bytes.length);
        batch.add(bytes, index);
        bytes.fill(0);
      }
      if (batch.full) batch.hashInto(digests);
    }
    for (const batch of waiting.values()) batch.hashInto(digests);
  } finally {
    for (const batch of waiting.values()) batch.wipe();
    wipeEngine();
  }
  if (repeats(digests)) throw new SluiceError("ERR_OPRF_INPUT", { reason: "an entry occurs twice" });
  return { count: entries.length, digests: new Uint8Array(digests.buffer) };
}

/** Entries of one length that wait to be hashed. */
class Batch {
  readonly #length: number;
  readonly #indices = new Uint32Array(BATCH);
  #count = 0;
  #bytes: Bytes;

  constructor(length: number) {
    this.#length = length;
    this.#bytes = new Uint8Array(16 * length);
  }

  get full(): boolean {
    return this.#count === BATCH;
  }

  /** Takes a text of ASCII alone, which is its own UTF-8, of as many characters; false when it is not. */
  addAscii(text: string, index: number): boolean {
    const at = this.#room();
    const bytes = this.#bytes;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) return false;
      bytes[at + i] = code;
    }
    this.#indices[this.#count++] = index;
    return true;
  }

  add(entry: Bytes, index: number): void {
    const at = this.#room();
    this.#bytes.set(entry, at);
    this.#indices[this.#count++] = index;
  }

  /** Where the next entry goes. */
  #room(): number {
    const at = this.#count * this.#length;
    if (at === this.#bytes.length) {
      const smaller = this.#bytes;
      this.#bytes = concatBytes(smaller, new Uint8Array(at));
      smaller.fill(0);
    }
    return at;
  }

  /** Zeroes the entries. */
  wipe(): void {
    this.#bytes.fill(0);
  }

  /** Hashes what waits. */
  hashInto(digests: Uint32Array): void {
    const count = this.#count;
    this.#count = 0;
    if (count === 0) return;
    const shape = { headBytes: 0, tailBytes: this.#length };
    const messages = { shape, count, heads: new Uint8Array(0), tails: this.#bytes };
    const hashed = wordsOver(hashMany({ ...messages, digestBytes: HASH_BYTES }, openEngine));
    for (let i = 0; i < count; i++) {
      const to = (this.#indices[i] ?? 0) * HASH_WORDS;
      for (let w = 0; w < HASH_WORDS; w++) digests[to + w] = hashed[i * HASH_WORDS + w] ?? 0;
    }
  }
}

/** Whether two of the hashes are equal: a table by their first words. */
function repeats(words: Uint32Array): boolean {
  const count = words.length / HASH_WORDS;
  const size = 2 ** Math.ceil(Math.log2(2 * count + 2));
  const slots = new Uint32Array(size);
  for (let i = 0; i < count; i++) {
    let slot = (words[8 * i] ?? 0) & (size - 1);
    for (; slots[slot] !== 0; slot = (slot + 1) & (size - 1)) {
      const other = 8 * ((slots[slot] ?? 0) - 1);
      let w = 0;
      while (w < 8 && words[other + w] === words[8 * i + w]) w++;
      if (w === 8) return true;
    }
    slots[slot] = i + 1;
  }
  return false;
}

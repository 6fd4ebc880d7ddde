/** The entries of one side, hashed once: what both roles work with, and what a domain keeps for all sessions of a snapshot.
 *  @module */
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, SluiceError, utf8, type Bytes } from "@sluice/protocol";
import { MAX_PSI_ENTRY_BYTES, psiEntry } from "../entry.ts";
import { hashMany } from "../okvs/bulk.ts";
import { openEngine, wordsOver } from "./engine.ts";
import { HASH_BYTES } from "./items.ts";

/** Entries of one length that are hashed together. */
const BATCH = 4_096;
const LABEL = utf8("sluice/psi/ot/set/v1");

/** Distinct entries. */
export interface TransferSet {
  readonly count: number;
  /** SHA-256 of each, one after another. */
  readonly digests: Bytes;
}

/** The hashes of distinct entries, in their order: as in many calls of SHA-256, but entries of one length together.
 *  @throws ERR_OPRF_INPUT when one cannot be an entry, or occurs twice. */
export function transferSet(entries: readonly string[]): TransferSet {
  const digests = new Uint8Array(entries.length * HASH_BYTES);
  const waiting = new Map<number, Batch>();
  const ascii = new Uint8Array(MAX_PSI_ENTRY_BYTES);
  for (let index = 0; index < entries.length; index++) {
    const entry = entries[index] ?? "";
    const short = entry.length > 0 && entry.length <= ascii.length && writeAscii(ascii, entry);
    const bytes = short ? ascii : psiEntry(entry);
    const length = short ? entry.length : bytes.length;
    let batch = waiting.get(length);
    if (batch === undefined) waiting.set(length, (batch = new Batch(length)));
    if (batch.add(bytes, index)) batch.hashInto(digests);
  }
  for (const batch of waiting.values()) batch.hashInto(digests);
  if (repeats(digests)) throw new SluiceError("ERR_OPRF_INPUT", { reason: "an entry occurs twice" });
  return { count: entries.length, digests };
}

/** Writes a text of ASCII alone, which is its own UTF-8; false when it is not. */
function writeAscii(to: Bytes, text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return false;
    to[i] = code;
  }
  return true;
}

/** Entries of one length that wait to be hashed. */
class Batch {
  readonly #length: number;
  readonly #indices: number[] = [];
  #bytes: Bytes;

  constructor(length: number) {
    this.#length = length;
    this.#bytes = new Uint8Array(16 * length);
  }

  /** Takes the first bytes of `entry`. Whether the batch is full then. */
  add(entry: Bytes, index: number): boolean {
    const at = this.#indices.length * this.#length;
    if (at === this.#bytes.length) this.#bytes = concatBytes(this.#bytes, new Uint8Array(at));
    const bytes = this.#bytes;
    for (let i = 0; i < this.#length; i++) bytes[at + i] = entry[i] ?? 0;
    this.#indices.push(index);
    return this.#indices.length === BATCH;
  }

  /** Hashes what waits. */
  hashInto(digests: Bytes): void {
    const indices = this.#indices.splice(0);
    if (indices.length === 0) return;
    const shape = { headBytes: 0, tailBytes: this.#length };
    const messages = { shape, count: indices.length, heads: new Uint8Array(0), tails: this.#bytes };
    const hashed = hashMany({ ...messages, digestBytes: HASH_BYTES }, openEngine);
    for (let i = 0; i < indices.length; i++) {
      digests.set(hashed.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES), (indices[i] ?? 0) * HASH_BYTES);
    }
  }
}

/** Whether two of the hashes are equal: a table by their first words. */
function repeats(digests: Bytes): boolean {
  const words = wordsOver(digests);
  const count = digests.length / HASH_BYTES;
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

/** Tells two sets apart. */
export function setDigest({ list }: { readonly list: TransferSet }): Bytes {
  return sha256(concatBytes(LABEL, list.digests)).slice(0, 16);
}

/** Hashes of entries. An entry is hashed once to 32 bytes; in a session that hash and the session's seed give 256 bits, of
 *  which 132 are the message of the code, and 124 the key of the store; and with what the transfers gave for it, its tag.
 *
 *      h = SHA-256(SHA-256(entry) ‖ 0x01 ‖ seed[0..22])      one block of SHA-256
 *      message = bits 0 … 131 of h, key = bits 132 … 255     (lowest bit of a byte first)
 *      tag = SHA-256(h ‖ value ‖ 0x02)[0..12]                two blocks; value: 78 bytes
 *
 *  @see https://eprint.iacr.org/2020/193 (PRTY20)
 *  @module */
import { concatBytes, PSI_TRANSFER_MESSAGE_BYTES, PSI_TRANSFER_SUM_BYTES, type Bytes } from "@sluice/protocol";
import { hashMany } from "../okvs/bulk.ts";
import { LAST_BYTE_MASK } from "./code.ts";
import { openEngine, wordsOver } from "./engine.ts";

/** Bytes of a hash. */
export const HASH_BYTES = 32;
const HASH_WORDS = HASH_BYTES / 4;
/** As much of the seed as one block has room for. */
const SEED_PART_BYTES = 22;
const FIRST = 1;
const SECOND = 2;

/** h of each entry's hash. */
export function sessionHashes(digests: Bytes, seed: Bytes): Bytes {
  const suffix = concatBytes(Uint8Array.of(FIRST), seed.subarray(0, SEED_PART_BYTES));
  const shape = { headBytes: 0, tailBytes: HASH_BYTES, suffix };
  const count = digests.length / HASH_BYTES;
  if (count === 0) return new Uint8Array(0);
  return hashMany({ shape, count, heads: new Uint8Array(0), tails: digests, digestBytes: HASH_BYTES }, openEngine);
}

/** The hashes in their places. Those that come are zeroed. */
export function hashesInPlaces(hashes: Bytes, places: Uint32Array): Bytes {
  const from = wordsOver(hashes);
  const to = new Uint32Array(from.length);
  for (let i = 0; i < places.length; i++) {
    const at = i * HASH_WORDS;
    const place = (places[i] ?? 0) * HASH_WORDS;
    for (let w = 0; w < HASH_WORDS; w++) to[place + w] = from[at + w] ?? 0;
  }
  hashes.fill(0);
  return new Uint8Array(to.buffer);
}

/** Keys of the store, 16 bytes each. */
export function keysOf(hashes: Bytes): Bytes {
  const keys = new Uint8Array(hashes.length / 2);
  writeKeys(wordsOver(keys), wordsOver(hashes));
  return keys;
}

/** The same by words, which are little-endian as the kernels' are. */
export function writeKeys(to: Uint32Array, hashes: Uint32Array): void {
  for (let i = 0, at = HASH_WORDS / 2; at < hashes.length; i += 4, at += HASH_WORDS) {
    to[i] = (hashes[at] ?? 0) & ~LAST_BYTE_MASK;
    to[i + 1] = hashes[at + 1] ?? 0;
    to[i + 2] = hashes[at + 2] ?? 0;
    to[i + 3] = hashes[at + 3] ?? 0;
  }
}

/** Messages of the code, 17 bytes each. */
export function messagesOf(hashes: Bytes): Bytes {
  const messages = new Uint8Array((hashes.length / HASH_BYTES) * PSI_TRANSFER_MESSAGE_BYTES);
  for (let from = 0, at = 0; from < hashes.length; from += HASH_BYTES, at += PSI_TRANSFER_MESSAGE_BYTES) {
    for (let b = 0; b < PSI_TRANSFER_MESSAGE_BYTES; b++) messages[at + b] = hashes[from + b] ?? 0;
    messages[at + 16] = (messages[at + 16] ?? 0) & LAST_BYTE_MASK;
  }
  return messages;
}

/** What a tag is the hash of: an entry's hash, and its value. */
export const TAG_SHAPE = {
  headBytes: HASH_BYTES,
  tailBytes: PSI_TRANSFER_SUM_BYTES,
  suffix: Uint8Array.of(SECOND),
} as const;

/** Hashing of whole tiles (RFC 6962 §2.1): the leaves of an entry tile, and the root of a full tile of hashes.
 *  @module */
import { sha256 } from "@noble/hashes/sha2.js";
import type { Bytes } from "@sluice/protocol";
import { ENTRY_BYTES, STORED_ENTRY_BYTES } from "./entry-tile.ts";
import { TILE_WIDTH } from "./tile-path.ts";
import { HASH_BYTES } from "./tree-hash.ts";

/** SHA-256 of bytes. */
export type HashFunction = (bytes: Bytes) => Uint8Array;

/** Bytes before an entry: its length. */
const PREFIX_BYTES = STORED_ENTRY_BYTES - ENTRY_BYTES;

/** Leaf hashes of an entry tile, end to end; null when it holds anything but whole 32-byte entries. */
export function leafHashes(tile: Bytes, hash: HashFunction = sha256): Bytes | null {
  if (tile.length % STORED_ENTRY_BYTES !== 0) return null;
  const leaves = new Uint8Array((tile.length / STORED_ENTRY_BYTES) * HASH_BYTES);
  const leaf = new Uint8Array(1 + ENTRY_BYTES); // 0x00 ‖ entry
  for (let offset = 0, at = 0; offset < tile.length; offset += STORED_ENTRY_BYTES, at += HASH_BYTES) {
    if (tile[offset] !== 0 || tile[offset + 1] !== ENTRY_BYTES) return null;
    leaf.set(tile.subarray(offset + PREFIX_BYTES, offset + STORED_ENTRY_BYTES), 1);
    leaves.set(hash(leaf), at);
  }
  return leaves;
}

/** Root over the 256 hashes of a full tile. */
export function tileRoot(hashes: Bytes, hash: HashFunction = sha256): Bytes {
  const level = new Uint8Array(hashes); // a copy, also of a Buffer
  const node = new Uint8Array(1 + 2 * HASH_BYTES); // 0x01 ‖ left ‖ right
  node[0] = 1;
  for (let width = TILE_WIDTH; width > 1; width /= 2) {
    for (let i = 0; i < width / 2; i++) {
      node.set(level.subarray(2 * i * HASH_BYTES, (2 * i + 2) * HASH_BYTES), 1);
      level.set(hash(node), i * HASH_BYTES);
    }
  }
  return level.slice(0, HASH_BYTES);
}

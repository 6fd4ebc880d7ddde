/** Roots and proofs of any earlier size, computed from tiles (RFC 6962 §2.1.1 and §2.1.2).
 *  @module */
import type { Bytes } from "@sluice/protocol";
import { TILE_WIDTH, tileOf, type Tile } from "./tile-path.ts";
import { completeRoot, emptyRootHash, HASH_BYTES, nodeHash } from "./tree-hash.ts";

/** Gives exactly `tile.width` hashes of a tile, end to end. @throws when it cannot. */
export type TileSource = (tile: Tile) => Promise<Bytes>;

/** Levels of the tree that one tile spans. */
const TILE_HEIGHT = 8;

/** Root of the first `size` leaves. */
export async function rootFromTiles(source: TileSource, size: number): Promise<Bytes> {
  return size === 0 ? emptyRootHash() : rangeHash(source, 0, size, size);
}

/** Proof that leaf `index` is in the tree of `size` leaves, from leaf to root. */
export async function inclusionFromTiles(source: TileSource, index: number, size: number): Promise<Bytes[]> {
  const proof: Bytes[] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const middle = start + splitPoint(end - start);
    if (index < middle) {
      proof.unshift(await rangeHash(source, middle, end, size));
      end = middle;
    } else {
      proof.unshift(await rangeHash(source, start, middle, size));
      start = middle;
    }
  }
  return proof;
}

/** Proof that the first `from` leaves of the tree of `to` leaves are the tree of `from` leaves. */
export async function consistencyFromTiles(source: TileSource, from: number, to: number): Promise<Bytes[]> {
  if (from === 0 || from === to) return [];
  const proof: Bytes[] = [];
  let start = 0;
  let end = to;
  while (end !== from) {
    const middle = start + splitPoint(end - start);
    if (from <= middle) {
      proof.unshift(await rangeHash(source, middle, end, to));
      end = middle;
    } else {
      proof.unshift(await rangeHash(source, start, middle, to));
      start = middle;
    }
  }
  if (start !== 0) proof.unshift(await rangeHash(source, start, end, to));
  return proof;
}

/** Largest power of two below `count`, which is at least 2. */
function splitPoint(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

/** Hash over leaves [start, end) of a tree of `size` leaves. */
async function rangeHash(source: TileSource, start: number, end: number, size: number): Promise<Bytes> {
  const height = Math.log2(end - start);
  if (Number.isInteger(height)) return subtreeHash(source, height, start / (end - start), size);
  const middle = start + splitPoint(end - start);
  return nodeHash(await rangeHash(source, start, middle, size), await rangeHash(source, middle, end, size));
}

/** Root of the complete subtree of 2^height leaves that is the `index`th of its kind. */
async function subtreeHash(source: TileSource, height: number, index: number, size: number): Promise<Bytes> {
  const level = Math.floor(height / TILE_HEIGHT);
  const count = 2 ** (height % TILE_HEIGHT);
  const first = index * count;
  const hashes = await source(tileOf(level, first, size));
  const offset = (first % TILE_WIDTH) * HASH_BYTES;
  return completeRoot(hashes.subarray(offset, offset + count * HASH_BYTES));
}

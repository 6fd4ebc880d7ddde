/** Roots and proofs of any earlier size, computed from tiles (RFC 6962 §2.1.1 and §2.1.2).
 *  @module */
import type { Bytes } from "@sluice/protocol";
import { TILE_HEIGHT, TILE_WIDTH, tileOf, type Tile } from "./tile-path.ts";
import { completeRoot, emptyRootHash, HASH_BYTES, nodeHash } from "./tree-hash.ts";

/** Gives exactly `tile.width` hashes of a tile, end to end. @throws when it cannot. */
export type TileSource = (tile: Tile) => Promise<Bytes>;

/** Gives the root of the `index`th complete subtree over 2^height leaves of one tree. */
export type SubtreeSource = (height: number, index: number) => Promise<Bytes>;

/** Where a subtree lies: in the tile of `level` with hash `first`, the root of 2^height hashes from there. */
export function placeInTiles(height: number, index: number): { level: number; first: number; height: number } {
  const inTile = height % TILE_HEIGHT;
  return { level: Math.floor(height / TILE_HEIGHT), first: index * 2 ** inTile, height: inTile };
}

/** Subtrees computed from the tiles of a tree of `size` leaves; they serve every smaller tree as well. */
export function subtreesOf(source: TileSource, size: number): SubtreeSource {
  return async (subtreeHeight, index) => {
    const { level, first, height } = placeInTiles(subtreeHeight, index);
    const hashes = await source(tileOf(level, first, size));
    const offset = (first % TILE_WIDTH) * HASH_BYTES;
    return completeRoot(hashes.subarray(offset, offset + 2 ** height * HASH_BYTES));
  };
}

/** Root of the first `size` leaves. */
export async function rootOf(source: SubtreeSource, size: number): Promise<Bytes> {
  return size === 0 ? emptyRootHash() : rangeHash(source, 0, size);
}

/** Proof that leaf `index` is in the tree of `size` leaves, from leaf to root. */
export async function inclusionProof(source: SubtreeSource, index: number, size: number): Promise<Bytes[]> {
  const proof: Bytes[] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const middle = start + splitPoint(end - start);
    if (index < middle) {
      proof.unshift(await rangeHash(source, middle, end));
      end = middle;
    } else {
      proof.unshift(await rangeHash(source, start, middle));
      start = middle;
    }
  }
  return proof;
}

/** Proof that the first `from` leaves of the tree of `to` leaves are the tree of `from` leaves. */
export async function consistencyProof(source: SubtreeSource, from: number, to: number): Promise<Bytes[]> {
  if (from === 0 || from === to) return [];
  const proof: Bytes[] = [];
  let start = 0;
  let end = to;
  while (end !== from) {
    const middle = start + splitPoint(end - start);
    if (from <= middle) {
      proof.unshift(await rangeHash(source, middle, end));
      end = middle;
    } else {
      proof.unshift(await rangeHash(source, start, middle));
      start = middle;
    }
  }
  if (start !== 0) proof.unshift(await rangeHash(source, start, end));
  return proof;
}

/** Largest power of two below `count`, which is at least 2. */
function splitPoint(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

/** Hash over leaves [start, end). */
async function rangeHash(source: SubtreeSource, start: number, end: number): Promise<Bytes> {
  const height = Math.log2(end - start);
  if (Number.isInteger(height)) return source(height, start / (end - start));
  const middle = start + splitPoint(end - start);
  return nodeHash(await rangeHash(source, start, middle), await rangeHash(source, middle, end));
}

/** One tile of hashes with every complete subtree inside it, so that roots and proofs look hashes up
 *  instead of computing them again.
 *  @module */
import type { Bytes } from "@sluice/protocol";
import { TILE_WIDTH } from "./tile-path.ts";
import { HASH_BYTES, nodeHash } from "./tree-hash.ts";

/** Levels of the tree that one tile spans. */
export const TILE_HEIGHT = 8;

/** A tile that fills from the left. */
export class TileTree {
  /** All nodes, the lowest height first: 256 + 128 + … + 1. */
  readonly #nodes = new Uint8Array((2 * TILE_WIDTH - 1) * HASH_BYTES);
  #width = 0;

  /** The tile that begins with `hashes`, at most 256 of them end to end. */
  static of(hashes: Bytes): TileTree {
    const tile = new TileTree();
    for (let offset = 0; offset < hashes.length; offset += HASH_BYTES) {
      tile.append(hashes.subarray(offset, offset + HASH_BYTES));
    }
    return tile;
  }

  /** Hashes so far. */
  get width(): number {
    return this.#width;
  }

  /** Adds a hash, and every subtree it completes. @throws RangeError when the tile is full. */
  append(hash: Bytes): void {
    if (this.#width === TILE_WIDTH) throw new RangeError("a tile has at most 256 hashes");
    let index = this.#width++;
    let node = hash;
    this.#nodes.set(node, position(0, index));
    for (let height = 1; index % 2 === 1; height++) {
      node = nodeHash(this.node(height - 1, index - 1), node);
      index = (index - 1) / 2;
      this.#nodes.set(node, position(height, index));
    }
  }

  /** Root of the `index`th complete subtree over 2^height hashes of this tile; a copy. */
  node(height: number, index: number): Bytes {
    if ((index + 1) * 2 ** height > this.#width) throw new RangeError("the tile does not hold this subtree yet");
    const start = position(height, index);
    return this.#nodes.slice(start, start + HASH_BYTES);
  }

  /** The first `width` hashes, end to end; a copy. */
  hashes(width = this.#width): Bytes {
    return this.#nodes.slice(0, width * HASH_BYTES);
  }
}

function position(height: number, index: number): number {
  // Below height h lie 256 + … + 2^(9-h) nodes.
  return (2 * TILE_WIDTH - 2 ** (TILE_HEIGHT + 1 - height) + index) * HASH_BYTES;
}

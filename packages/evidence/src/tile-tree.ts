/** One tile of hashes with every complete subtree inside it, so that roots and proofs look hashes up
 *  instead of computing them again. Node only: a log that is written hashes each entry twice.
 *  @module */
import type { Bytes } from "@sluice/protocol";
import { TILE_HEIGHT, TILE_WIDTH } from "./tile-path.ts";
import { sha256Latin1 } from "./openssl-hash.ts";
import { HASH_BYTES } from "./tree-hash.ts";

/** What the hash of a node is taken over: 0x01 ‖ left ‖ right (RFC 6962 §2.1). */
const NODE_INPUT = Buffer.alloc(1 + 2 * HASH_BYTES, 1);

/** A tile that fills from the left. */
export class TileTree {
  /** All nodes, the lowest height first: 256 + 128 + … + 1. */
  readonly #nodes = Buffer.alloc((2 * TILE_WIDTH - 1) * HASH_BYTES);
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
    this.#nodes.set(hash, position(0, index));
    for (let height = 1; index % 2 === 1; height++) {
      const left = position(height - 1, index - 1);
      this.#nodes.copy(NODE_INPUT, 1, left, left + 2 * HASH_BYTES); // the right one lies behind it
      index = (index - 1) / 2;
      this.#nodes.write(sha256Latin1(NODE_INPUT), position(height, index), HASH_BYTES, "latin1");
    }
  }

  /** Root of the `index`th complete subtree over 2^height hashes of this tile; a copy. */
  node(height: number, index: number): Bytes {
    if ((index + 1) * 2 ** height > this.#width) throw new RangeError("the tile does not hold this subtree yet");
    const start = position(height, index);
    return new Uint8Array(this.#nodes.subarray(start, start + HASH_BYTES));
  }

  /** The first `width` hashes, end to end; a copy. */
  hashes(width = this.#width): Bytes {
    return new Uint8Array(this.#nodes.subarray(0, width * HASH_BYTES));
  }
}

function position(height: number, index: number): number {
  // Below height h lie 256 + … + 2^(9-h) nodes.
  return (2 * TILE_WIDTH - 2 ** (TILE_HEIGHT + 1 - height) + index) * HASH_BYTES;
}

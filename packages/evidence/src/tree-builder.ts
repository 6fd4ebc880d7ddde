/** Grows a tree leaf by leaf in constant memory: of each level it keeps only the tile that is not full yet.
 *  @module */
import type { Bytes } from "@sluice/protocol";
import { TILE_WIDTH } from "./tile-path.ts";
import { completeRoot, HASH_BYTES } from "./tree-hash.ts";

/** Called once for each tile of hashes, when it is full. The bytes are the callee's. */
export type OnFullTile = (level: number, index: number, hashes: Bytes) => void;

type OpenTile = { index: number; count: number; hashes: Bytes };

/** A growing tree. */
export class TreeBuilder {
  readonly #open: OpenTile[] = [];
  readonly #onFullTile: OnFullTile;
  #size = 0;

  constructor(onFullTile: OnFullTile) {
    this.#onFullTile = onFullTile;
  }

  /** The tree of `size` leaves, a multiple of 256, whose open tiles of levels 1, 2, … are `openTiles`. */
  static resume(size: number, openTiles: readonly Bytes[], onFullTile: OnFullTile): TreeBuilder {
    const tree = new TreeBuilder(onFullTile);
    tree.#size = size;
    for (const [i, hashes] of [new Uint8Array(0), ...openTiles].entries()) {
      const level = tree.#level(i);
      level.hashes.set(hashes);
      level.count = hashes.length / HASH_BYTES;
      level.index = Math.floor(size / TILE_WIDTH ** (i + 1));
    }
    return tree;
  }

  /** Leaves so far. */
  get size(): number {
    return this.#size;
  }

  /** Number of levels that have a tile, open or full. */
  get levels(): number {
    return this.#open.length;
  }

  /** Appends a leaf by its hash. */
  append(leaf: Bytes): void {
    this.#size++;
    this.#push(0, leaf);
  }

  /** Copy of the hashes in the tile of `level` that is not full; empty when there are none. */
  openTile(level: number): { index: number; hashes: Bytes } {
    const tile = this.#open[level];
    if (tile === undefined) return { index: 0, hashes: new Uint8Array(0) };
    return { index: tile.index, hashes: tile.hashes.slice(0, tile.count * HASH_BYTES) };
  }

  #level(level: number): OpenTile {
    let tile = this.#open[level];
    if (tile === undefined) {
      tile = { index: 0, count: 0, hashes: new Uint8Array(TILE_WIDTH * HASH_BYTES) };
      this.#open[level] = tile;
    }
    return tile;
  }

  #push(level: number, hash: Bytes): void {
    const tile = this.#level(level);
    tile.hashes.set(hash, tile.count * HASH_BYTES);
    tile.count++;
    if (tile.count < TILE_WIDTH) return;
    const full = tile.hashes.slice();
    this.#onFullTile(level, tile.index, full);
    tile.index++;
    tile.count = 0;
    this.#push(level + 1, completeRoot(full));
  }
}

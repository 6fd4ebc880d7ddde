/** Grows a tree leaf by leaf in constant memory: of each level it keeps only the tile that is not full yet.
 *  @module */
import type { Bytes } from "@sluice/protocol";
import { TILE_HEIGHT, TILE_WIDTH } from "./tile-path.ts";
import { TileTree } from "./tile-tree.ts";

/** Called once for each tile of hashes, when it is full. The tile is the callee's. */
export type OnFullTile = (level: number, index: number, tile: TileTree) => void;

/** A growing tree. */
export class TreeBuilder {
  readonly #open: { index: number; tile: TileTree }[] = [];
  readonly #onFullTile: OnFullTile;
  #size = 0;

  constructor(onFullTile: OnFullTile) {
    this.#onFullTile = onFullTile;
  }

  /** The tree of `size` leaves, a multiple of 256, whose open tiles of levels 1, 2, … hold these hashes. */
  static resume(size: number, openTiles: readonly Bytes[], onFullTile: OnFullTile): TreeBuilder {
    const tree = new TreeBuilder(onFullTile);
    tree.#size = size;
    for (const [level, hashes] of [new Uint8Array(0), ...openTiles].entries()) {
      tree.#open.push({ index: Math.floor(size / TILE_WIDTH ** (level + 1)), tile: TileTree.of(hashes) });
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

  /** The tile of `level` that is not full, and its place among the tiles of that level; it may hold nothing. */
  openTile(level: number): { readonly index: number; readonly tile: TileTree } {
    return this.#open[level] ?? { index: 0, tile: new TileTree() };
  }

  #push(level: number, hash: Bytes): void {
    let open = this.#open[level];
    if (open === undefined) {
      open = { index: 0, tile: new TileTree() };
      this.#open[level] = open;
    }
    const { index, tile } = open;
    tile.append(hash);
    if (tile.width < TILE_WIDTH) return;
    this.#open[level] = { index: index + 1, tile: new TileTree() };
    this.#onFullTile(level, index, tile);
    this.#push(level + 1, tile.node(TILE_HEIGHT, 0));
  }
}

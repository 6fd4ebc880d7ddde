/** The tiles of a log that grows: those not full yet in memory, the others in files.
 *  @module */
import { rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Bytes } from "@sluice/protocol";
import { readerOf, replaceFile, replaceFileInBackground, syncFile } from "./durable-files.ts";
import { decodeEntryTile, encodeEntryTile, ENTRY_BYTES } from "./entry-tile.ts";
import { fileTiles, readTile } from "./log-files.ts";
import { tileOf, tilePath, TILE_WIDTH, type Tile } from "./tile-path.ts";
import { placeInTiles, type SubtreeSource } from "./tile-proof.ts";
import { TileTree } from "./tile-tree.ts";
import { TreeBuilder } from "./tree-builder.ts";
import { opensslSha256 } from "./openssl-hash.ts";

/** Files that are written, or brought to the disk, at the same time: threads of the pool are left for the journal. */
const FILES_AT_ONCE = 2;
/** Full tiles of hashes kept in memory, 16 KiB each. */
const MAX_CACHED_TILES = 64;

/** Tiles of one growing log. `writeFull` and `writeOpen` put them into files. */
export class LogTiles {
  readonly #directory: string;
  readonly #tree: TreeBuilder;
  readonly #openEntries = new Uint8Array(TILE_WIDTH * ENTRY_BYTES);
  /** What the hash of a leaf is taken over: 0x00 ‖ entry (RFC 6962 §2.1). */
  readonly #leafInput = new Uint8Array(1 + ENTRY_BYTES);
  /** Full tiles not in files yet: those of one journal at most, for new files make each write to it dearer. */
  readonly #pending = new Map<string, { tile: Tile; bytes: Bytes }>();
  /** Files that `writeFull` wrote since `flush`. */
  readonly #unsynced = new Set<string>();
  /** Path of the newest file of each open tile. */
  readonly #written = new Map<string | number, string>();
  /** Folders of narrower tiles that `writeOpen` may have made. */
  readonly #narrower = new Set<string>();
  readonly #cache = new Map<string, TileTree>();
  readonly #readTile: (tile: Tile) => Promise<Bytes>;

  /** The log of `base` entries, a multiple of 256, with these open tiles of levels 1, 2, …; below `directory`. */
  constructor(directory: string, origin: string, base: number, openTiles: readonly Bytes[]) {
    this.#directory = directory;
    this.#readTile = fileTiles(readerOf(directory), origin);
    this.#tree = TreeBuilder.resume(base, openTiles, (level, index, tree) => {
      const tile = { level, index, width: TILE_WIDTH };
      this.#addPending(tile, tree.hashes());
      this.#keep(tilePath(tile), tree);
    });
  }

  /** Entries so far. */
  get size(): number {
    return this.#tree.size;
  }

  /** Appends an entry in memory. */
  append(entry: Bytes): void {
    const slot = this.size % TILE_WIDTH;
    this.#openEntries.set(entry, slot * ENTRY_BYTES);
    this.#leafInput.set(entry, 1);
    this.#tree.append(opensslSha256(this.#leafInput));
    if (slot === TILE_WIDTH - 1) {
      const index = this.size / TILE_WIDTH - 1;
      this.#addPending({ level: "entries", index, width: TILE_WIDTH }, encodeEntryTile(this.#openEntries));
    }
  }

  /** Open tiles of levels 1, 2, …: what a journal that begins at the last full tile needs. */
  openTiles(): Bytes[] {
    return Array.from({ length: Math.max(0, this.#tree.levels - 1) }, (_, i) =>
      this.#tree.openTile(i + 1).tile.hashes(),
    );
  }

  /** Entries of the tile that is not full. */
  openEntries(): Bytes[] {
    const count = this.size % TILE_WIDTH;
    return Array.from({ length: count }, (_, i) => this.#openEntries.slice(i * ENTRY_BYTES, (i + 1) * ENTRY_BYTES));
  }

  /** Root of any complete subtree of this log; see `SubtreeSource`. */
  readonly subtree: SubtreeSource = async (subtreeHeight, index) => {
    const { level, first, height } = placeInTiles(subtreeHeight, index);
    const tile = await this.#tileTree(level, Math.floor(first / TILE_WIDTH));
    return tile.node(height, (first % TILE_WIDTH) / 2 ** height);
  };

  async #tileTree(level: number, index: number): Promise<TileTree> {
    const open = this.#tree.openTile(level);
    if (open.tile.width > 0 && open.index === index) return open.tile;
    const tile: Tile = { level, index, width: TILE_WIDTH };
    const path = tilePath(tile);
    let tree = this.#cache.get(path);
    if (tree !== undefined) return tree;
    tree = TileTree.of(this.#pending.get(path)?.bytes ?? (await this.#readTile(tile)));
    this.#keep(path, tree);
    return tree;
  }

  /** Entries [from, to); null when a file of them is damaged. The range lies inside the log. */
  async entries(from: number, to: number): Promise<Bytes[] | null> {
    const entries: Bytes[] = [];
    for (let start = from; start < to;) {
      const { index } = tileOf("entries", start, this.size);
      const tile = await this.#entryTile(index);
      const end = Math.min(to, (index + 1) * TILE_WIDTH);
      const part = tile?.slice(start - index * TILE_WIDTH, end - index * TILE_WIDTH);
      if (part?.length !== end - start) return null;
      entries.push(...part);
      start = end;
    }
    return entries;
  }

  async #entryTile(index: number): Promise<Bytes[] | null> {
    if (index === Math.floor(this.size / TILE_WIDTH)) return this.openEntries();
    const tile: Tile = { level: "entries", index, width: TILE_WIDTH };
    const bytes = this.#pending.get(tilePath(tile))?.bytes ?? (await readTile(readerOf(this.#directory), tile));
    return bytes === null ? null : decodeEntryTile(bytes, TILE_WIDTH);
  }

  /** Writes every full tile that is not in a file yet, and removes the narrower ones it replaces. */
  writeFull(): void {
    for (const [path, { tile, bytes }] of this.#pending) {
      const file = join(this.#directory, path);
      replaceFile(file, bytes, "once");
      // Also those that an earlier process left.
      rmSync(`${file}.p`, { recursive: true, force: true });
      this.#narrower.delete(`${file}.p`);
      this.#written.delete(tile.level);
      this.#unsynced.add(file);
      this.#pending.delete(path);
    }
  }

  /** Writes the tiles that are not full, as wide as they are now. */
  writeOpen(): void {
    for (let level = 0; level < this.#tree.levels; level++) {
      const { index, tile } = this.#tree.openTile(level);
      this.#writeOpen({ level, index, width: tile.width }, tile.hashes());
    }
    const width = this.size % TILE_WIDTH;
    const entries = encodeEntryTile(this.#openEntries.subarray(0, width * ENTRY_BYTES));
    this.#writeOpen({ level: "entries", index: Math.floor(this.size / TILE_WIDTH), width }, entries);
  }

  #writeOpen(tile: Tile, bytes: Bytes): void {
    const path = tilePath(tile);
    this.#narrower.add(join(this.#directory, dirname(path)));
    if (tile.width === 0 || this.#written.get(tile.level) === path) return;
    replaceFile(join(this.#directory, path), bytes);
    this.#written.set(tile.level, path);
  }

  /** Brings the tiles that are full when this is called to the disk, with the names of their directories. Entries may be
   *  appended meanwhile; `writeFull` and `writeOpen` wait for the end. */
  async flush(): Promise<void> {
    const files = [...this.#unsynced];
    // Every file before the first is brought to the disk: file systems do that for many with one commit.
    await fewAtOnce([...this.#pending], async ([path, { tile, bytes }]) => {
      const file = join(this.#directory, path);
      await replaceFileInBackground(file, bytes);
      if (this.#narrower.delete(`${file}.p`)) await rm(`${file}.p`, { recursive: true, force: true });
      this.#written.delete(tile.level);
      this.#pending.delete(path);
      files.push(file);
    });
    await fewAtOnce(files, syncFile);
    const directories = new Set<string>();
    for (const file of files) {
      for (let path = dirname(file); path !== dirname(this.#directory); path = dirname(path)) directories.add(path);
    }
    for (const path of directories) await syncFile(path);
    for (const file of files) this.#unsynced.delete(file);
  }

  #addPending(tile: Tile, bytes: Bytes): void {
    this.#pending.set(tilePath(tile), { tile, bytes });
  }

  #keep(path: string, tree: TileTree): void {
    const oldest = this.#cache.keys().next();
    if (this.#cache.size >= MAX_CACHED_TILES && oldest.done !== true) this.#cache.delete(oldest.value);
    this.#cache.set(path, tree);
  }
}

/** Ends when nothing of it is under way any more. @throws the first failure */
async function fewAtOnce<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const worker = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  const ended = await Promise.allSettled(Array.from({ length: FILES_AT_ONCE }, worker));
  for (const end of ended) if (end.status === "rejected") throw end.reason;
}

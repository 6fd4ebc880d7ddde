/** Verifying a whole log from its files alone, from the signed root downwards: each file is held against one that was
 *  found right before, so that a wrong one is named. Reading is injected: the files may lie in a directory, behind HTTP,
 *  or in a browser.
 *  @module */
import { equalBytes, SluiceError, type Bytes, type Checkpoint } from "@sluice/protocol";
import type { LogIdentity } from "./checkpoint.ts";
import { STORED_ENTRY_BYTES } from "./entry-tile.ts";
import { fileTiles, readCheckpoint, readTile, type ReadLogFile } from "./log-files.ts";
import { readPruned, type Pruned } from "./pruned-note.ts";
import { leafHashes, tileRoot, type HashFunction } from "./tile-hash.ts";
import { levelCount, hashesAtLevel, PRUNED_PATH, tilePath, TILE_WIDTH, type Tile } from "./tile-path.ts";
import { rootOf, subtreesOf } from "./tile-proof.ts";
import { HASH_BYTES } from "./tree-hash.ts";

/** A checkpoint whose log was verified. */
export type VerifiedLog = Checkpoint & {
  /** What the log no longer keeps, and says so; absent when every entry is there. */
  readonly pruned?: Pruned;
};

/** How a log is verified. */
export type VerifyLogOptions = {
  readonly signal?: AbortSignal;
  /** SHA-256; another implementation may be faster where this runs. */
  readonly hash?: HashFunction;
};

/** Files that are read ahead while one is hashed. */
const READ_AHEAD = 8;

/** Passes when the checkpoint is signed, every tile of hashes leads to its root, and every entry is there, but for those
 *  that a note of the log says it no longer keeps. Memory does not grow with the log.
 *  @throws ERR_LOG naming the file that does not fit; the signal's reason when aborted. */
export async function verifyLogFiles(
  read: ReadLogFile,
  trust: LogIdentity,
  { signal, hash }: VerifyLogOptions = {},
): Promise<VerifiedLog> {
  const { origin } = trust;
  const checkpoint = await readCheckpoint(read, trust);
  const pruned = await readPruned(read, trust);
  const { size } = checkpoint;
  // The newest entry always stays.
  if (pruned !== null && pruned.firstKept >= size) throw wrong(`${PRUNED_PATH} names more entries than the log has`);
  const firstKeptTile = (pruned?.firstKept ?? 0) / TILE_WIDTH;
  const edge = Array.from({ length: levelCount(size) }, (_, level) => edgeTile(level, size));
  const stored: Bytes[] = [];
  for (const tile of edge) stored.push(tile.width === 0 ? new Uint8Array(0) : await readHashes(tile));
  if (!equalBytes(await rootOf(subtreesOf(fileTiles(read, origin), size), size), checkpoint.rootHash)) {
    await nameWrongEdge();
    throw wrong("the entries do not lead to the checkpoint");
  }
  for (const [level, tile] of [...edge.entries()].toReversed())
    await checkBelow(tile, stored[level] ?? new Uint8Array(0));
  return pruned === null ? checkpoint : { ...checkpoint, pruned };

  /** What lies below the hashes of a tile that is right: tiles, or entries. */
  async function checkBelow({ level, index, width }: Tile, hashes: Bytes): Promise<void> {
    if (level === "entries" || width === 0) return;
    if (level === 0) return checkEntries(index, hashes, await readEntries(index, width));
    const ahead: { hashes: Promise<Bytes>; entries: Promise<Bytes | null> | null }[] = [];
    for (let next = 0, child = 0; child < width; child++) {
      signal?.throwIfAborted();
      for (; next < Math.min(width, child + READ_AHEAD); next++) ahead.push(load(level - 1, index * TILE_WIDTH + next));
      const loaded = ahead.shift();
      if (loaded === undefined) return;
      const tile: Tile = { level: level - 1, index: index * TILE_WIDTH + child, width: TILE_WIDTH };
      const below = await loaded.hashes;
      if (!equalBytes(tileRoot(below, hash), hashes.subarray(child * HASH_BYTES, (child + 1) * HASH_BYTES))) {
        throw wrong(`${tilePath(tile)} does not lead to the checkpoint`);
      }
      if (loaded.entries === null) await checkBelow(tile, below);
      else checkEntries(tile.index, below, await loaded.entries);
    }
  }

  function load(level: number, index: number) {
    const tile: Tile = { level, index, width: TILE_WIDTH };
    const loaded = { hashes: readHashes(tile), entries: level === 0 ? readEntries(index, TILE_WIDTH) : null };
    // What is awaited later must not count as unhandled meanwhile.
    loaded.hashes.catch(() => undefined);
    loaded.entries?.catch(() => undefined);
    return loaded;
  }

  function checkEntries(index: number, hashes: Bytes, entries: Bytes | null): void {
    if (entries === null && index < firstKeptTile) return;
    const path = tilePath({ level: "entries", index, width: hashes.length / HASH_BYTES });
    const leaves = entries === null ? null : leafHashes(entries, hash);
    if (leaves === null) throw wrong(`${path} is not whole`);
    if (!equalBytes(leaves, hashes)) throw wrong(`${path} holds other entries`);
  }

  function readEntries(index: number, width: number): Promise<Bytes | null> {
    return readExactly({ level: "entries", index, width }, STORED_ENTRY_BYTES);
  }

  async function readHashes(tile: Tile): Promise<Bytes> {
    const bytes = await readExactly(tile, HASH_BYTES);
    if (bytes === null) throw wrong(`${tilePath(tile)} is not whole`);
    return bytes;
  }

  /** Null when there is no such file. @throws ERR_LOG when it is neither as long as the tile nor as the full one */
  async function readExactly(tile: Tile, itemBytes: number): Promise<Bytes | null> {
    const bytes = await readTile(read, tile);
    const length = tile.width * itemBytes;
    if (bytes !== null && bytes.length !== length && bytes.length !== TILE_WIDTH * itemBytes) {
      throw wrong(`${tilePath(tile)} is not whole`);
    }
    return bytes?.subarray(0, length) ?? null;
  }

  /** Of the tiles that are not full, one that does not follow from what lies below it. @throws ERR_LOG naming it */
  async function nameWrongEdge(): Promise<void> {
    for (const [level, tile] of edge.entries()) {
      if (tile.width === 0) continue;
      const below = level === 0 ? await readEntries(tile.index, tile.width) : await childRoots(level, tile);
      const follows = below === null || level > 0 ? below : leafHashes(below, hash);
      if (follows === null) throw wrong(`${tilePath({ ...tile, level: "entries" })} is not whole`);
      if (!equalBytes(follows, stored[level] ?? new Uint8Array(0))) {
        throw wrong(`${tilePath(tile)} does not lead to the checkpoint`);
      }
    }
  }

  async function childRoots(level: number, { index, width }: Tile): Promise<Bytes> {
    const roots = new Uint8Array(width * HASH_BYTES);
    for (let child = 0; child < width; child++) {
      const tile: Tile = { level: level - 1, index: index * TILE_WIDTH + child, width: TILE_WIDTH };
      roots.set(tileRoot(await readHashes(tile), hash), child * HASH_BYTES);
    }
    return roots;
  }

  function wrong(reason: string): SluiceError {
    return new SluiceError("ERR_LOG", { origin, reason });
  }
}

/** The tile of `level` that is not full in a log of `size` entries; its width may be 0. */
function edgeTile(level: number, size: number): Tile {
  const hashes = hashesAtLevel(level, size);
  const index = Math.floor(hashes / TILE_WIDTH);
  return { level, index, width: hashes % TILE_WIDTH };
}

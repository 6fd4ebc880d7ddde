/** Verifying a whole log from its files alone. Reading is injected, so that the files may lie in a
 *  directory, behind HTTP, or in a browser.
 *  @module */
import { equalBytes, fromUtf8, SluiceError, type Bytes, type Checkpoint } from "@sluice/protocol";
import { openCheckpoint, type LogIdentity } from "./checkpoint.ts";
import { decodeEntryTile, STORED_ENTRY_BYTES } from "./entry-tile.ts";
import {
  CHECKPOINT_PATH,
  hashesAtLevel,
  levelCount,
  parseTilePath,
  tileOf,
  tilePath,
  TILE_WIDTH,
  type Tile,
} from "./tile-path.ts";
import { rootOf, subtreesOf, type TileSource } from "./tile-proof.ts";
import { TreeBuilder } from "./tree-builder.ts";
import { HASH_BYTES, leafHash } from "./tree-hash.ts";

/** Reads one file of a log by its path in the tlog-tiles format; `null` when it does not exist. */
export type ReadLogFile = (path: string) => Promise<Bytes | null>;

/** Passes when the checkpoint is signed, every entry is there, every tile of hashes follows from the entries,
 *  and they lead to the signed root. Memory does not grow with the log. @returns the checkpoint.
 *  @throws ERR_LOG naming what does not fit; the signal's reason when aborted. */
export async function verifyLogFiles(
  read: ReadLogFile,
  trust: LogIdentity,
  { signal }: { signal?: AbortSignal } = {},
): Promise<Checkpoint> {
  const { origin } = trust;
  const checkpoint = await readCheckpoint(read, trust);
  const { size } = checkpoint;
  let full: { level: number; index: number; hashes: Bytes }[] = [];
  const tree = new TreeBuilder((level, index, tile) => full.push({ level, index, hashes: tile.hashes() }));
  for (let start = 0; start < size; start += TILE_WIDTH) {
    signal?.throwIfAborted();
    const tile = tileOf("entries", start, size);
    const entries = decodeEntryTile((await readTile(read, tile)) ?? new Uint8Array(0), tile.width);
    if (entries === null) throw new SluiceError("ERR_LOG", { origin, reason: `${tilePath(tile)} is not whole` });
    for (const entry of entries) tree.append(leafHash(entry));
    for (const { level, index, hashes } of full) await compare({ level, index, width: TILE_WIDTH }, hashes);
    full = [];
  }
  for (let level = 0; level < levelCount(size); level++) {
    const { index, tile } = tree.openTile(level);
    if (tile.width > 0) await compare({ level, index, width: tile.width }, tile.hashes());
  }
  // Every tile equals what its entries give, so the root over the tiles is the root over the entries.
  if (!equalBytes(await rootOf(subtreesOf(fileTiles(read, origin), size), size), checkpoint.rootHash)) {
    throw new SluiceError("ERR_LOG", { origin, reason: "the entries do not lead to the checkpoint" });
  }
  return checkpoint;

  async function compare(tile: Tile, hashes: Bytes): Promise<void> {
    const stored = await readTile(read, tile);
    if (stored === null || !equalBytes(stored.subarray(0, hashes.length), hashes)) {
      throw new SluiceError("ERR_LOG", { origin, reason: `${tilePath(tile)} does not follow from the entries` });
    }
  }
}

/** Passes when a checkpoint seen elsewhere, for example in a receipt, is one of the log in these files: not
 *  of a fork, and not newer than the files. Reads a few tiles. @throws ERR_LOG */
export async function verifyCheckpointInFiles(read: ReadLogFile, text: string, trust: LogIdentity): Promise<void> {
  const { origin } = trust;
  const published = await readCheckpoint(read, trust);
  const seen = await openCheckpoint(text, trust);
  if (seen.size > published.size) {
    throw new SluiceError("ERR_LOG", { origin, reason: "a checkpoint is newer than the published one" });
  }
  const source = subtreesOf(fileTiles(read, origin), published.size);
  for (const head of [published, seen]) {
    if (!equalBytes(await rootOf(source, head.size), head.rootHash)) {
      throw new SluiceError("ERR_LOG", { origin, reason: "a checkpoint is not one of the published tree" });
    }
  }
}

/** The published checkpoint. @throws ERR_LOG */
export async function readCheckpoint(read: ReadLogFile, trust: LogIdentity): Promise<Checkpoint> {
  const { origin } = trust;
  const bytes = await read(CHECKPOINT_PATH);
  if (bytes === null) throw new SluiceError("ERR_LOG", { origin, reason: "there is no checkpoint" });
  let text: string;
  try {
    text = fromUtf8(bytes);
  } catch (cause) {
    throw new SluiceError("ERR_LOG", { origin, reason: "the checkpoint is not UTF-8" }, { cause });
  }
  return openCheckpoint(text, trust);
}

/** The tiles of hashes in files. */
export function fileTiles(read: ReadLogFile, origin: string): TileSource {
  return async (tile) => {
    const hashes = await readTile(read, tile);
    const length = tile.width * HASH_BYTES;
    if (hashes === null || hashes.length < length) {
      throw new SluiceError("ERR_LOG", { origin, reason: `${tilePath(tile)} is not whole` });
    }
    return hashes.subarray(0, length);
  };
}

/** The tile of that path, as wide as the path says, when a tree of `size` entries has it; null otherwise. Of a log
 *  that has grown since, only the part that such a tree has is given. */
export async function readCoveredTile(read: ReadLogFile, path: string, size: number): Promise<Bytes | null> {
  const tile = parseTilePath(path);
  if (tile === null) return null;
  const { level, index, width } = tile;
  if (index * TILE_WIDTH + width > hashesAtLevel(level === "entries" ? 0 : level, size)) return null;
  const bytes = await readTile(read, tile);
  return bytes?.subarray(0, width * (level === "entries" ? STORED_ENTRY_BYTES : HASH_BYTES)) ?? null;
}

/** A tile, or the full one that took its place since. */
export async function readTile(read: ReadLogFile, tile: Tile): Promise<Bytes | null> {
  const bytes = await read(tilePath(tile));
  return bytes === null && tile.width < TILE_WIDTH ? read(tilePath({ ...tile, width: TILE_WIDTH })) : bytes;
}

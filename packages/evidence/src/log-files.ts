/** Reading the files of a log: checkpoint, tiles, and whether a checkpoint seen elsewhere is of this log. Reading is
 *  injected, so that the files may lie in a directory, behind HTTP, or in a browser.
 *  @module */
import { equalBytes, fromUtf8, SluiceError, type Bytes, type Checkpoint } from "@sluice/protocol";
import { openCheckpoint, type LogIdentity } from "./checkpoint.ts";
import { STORED_ENTRY_BYTES } from "./entry-tile.ts";
import { CHECKPOINT_PATH, hashesAtLevel, parseTilePath, tilePath, TILE_WIDTH, type Tile } from "./tile-path.ts";
import { rootOf, subtreesOf, type TileSource } from "./tile-proof.ts";
import { HASH_BYTES } from "./tree-hash.ts";

/** Reads one file of a log by its path in the tlog-tiles format; `null` when it does not exist. */
export type ReadLogFile = (path: string) => Promise<Bytes | null>;

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

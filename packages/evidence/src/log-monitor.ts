/** Following a log: what it shows now must continue what it showed before. Needs the log's public files and the one
 *  checkpoint that was kept, and learns nothing of what entries commit to.
 *  @module */
import { equalBytes, fromUtf8, isSluiceError, type Checkpoint } from "@sluice/protocol";
import { openCheckpoint, type LogIdentity } from "./checkpoint.ts";
import { decodeEntryTile } from "./entry-tile.ts";
import { fileTiles, readTile, type ReadLogFile } from "./log-files.ts";
import { readPruned, type Pruned } from "./pruned-note.ts";
import { CHECKPOINT_PATH, PRUNED_PATH, tileOf, tilePath, TILE_WIDTH } from "./tile-path.ts";
import { rootOf, subtreesOf, type TileSource } from "./tile-proof.ts";
import { HASH_BYTES, leafHash } from "./tree-hash.ts";

/** What a look at a log found. `seen` and `shown` are whole checkpoints, which together are the proof. */
export type LogFinding =
  /** It continues what was seen; every entry that came since is there. */
  | {
      readonly kind: "consistent";
      readonly shown: Checkpoint;
      readonly newEntries: number;
      /** What the log says it no longer keeps, if it says so. */
      readonly pruned?: Pruned;
    }
  /** Two checkpoints that no one log can have. */
  | { readonly kind: "fork"; readonly seen: string; readonly shown: string }
  /** Fewer entries than it had before. */
  | { readonly kind: "rollback"; readonly seen: string; readonly shown: string }
  /** Files that its own checkpoint covers are missing or other ones. */
  | { readonly kind: "truncation"; readonly seen: string | null; readonly shown: string; readonly reason: string }
  /** What it shows is not a checkpoint that its key signed. */
  | { readonly kind: "unsigned"; readonly seen: string | null; readonly shown: string }
  /** It shows no checkpoint, or does not answer. */
  | { readonly kind: "unreachable" };

/** Looks at the log once. `seen` is the checkpoint of the last look, null at the first, when all entries are read.
 *  @throws ERR_LOG when `seen` is not one of this log; the reader's errors but ERR_UNREACHABLE */
export async function lookAtLog(read: ReadLogFile, trust: LogIdentity, seen: string | null): Promise<LogFinding> {
  const before = seen === null ? null : await openCheckpoint(seen, trust);
  try {
    return await look(read, trust, before);
  } catch (error) {
    if (isSluiceError(error, "ERR_UNREACHABLE")) return { kind: "unreachable" };
    throw error;
  }
}

async function look(read: ReadLogFile, trust: LogIdentity, before: Checkpoint | null): Promise<LogFinding> {
  const bytes = await read(CHECKPOINT_PATH);
  if (bytes === null) return { kind: "unreachable" };
  const seen = before?.text ?? null;
  const text = textOf(bytes);
  const shown = await openIfSigned(text, trust);
  if (shown === null) return { kind: "unsigned", seen, shown: text };
  if (before !== null && shown.size < before.size) return { kind: "rollback", seen: before.text, shown: text };
  if (before !== null && shown.size === before.size && !equalBytes(shown.rootHash, before.rootHash)) {
    return { kind: "fork", seen: before.text, shown: text };
  }
  const truncated = (reason: string): LogFinding => ({ kind: "truncation", seen, shown: text, reason });
  let pruned: Pruned | null;
  try {
    const tiles = fileTiles(read, trust.origin);
    const source = subtreesOf(tiles, shown.size);
    if (!equalBytes(await rootOf(source, shown.size), shown.rootHash)) {
      return truncated("the tiles do not lead to the checkpoint");
    }
    // The tiles are those of the checkpoint shown, so they tell what the tree was before.
    if (before !== null && !equalBytes(await rootOf(source, before.size), before.rootHash)) {
      return { kind: "fork", seen: before.text, shown: text };
    }
    pruned = await readPruned(read, trust);
    const firstKept = pruned?.firstKept ?? 0;
    // The newest entry always stays; and what came since the last look is too young to have left.
    if (firstKept >= Math.max(1, shown.size)) return truncated(`${PRUNED_PATH} names more entries than the log has`);
    if (before !== null && firstKept > before.size) {
      return truncated(`${PRUNED_PATH} names entries that came after the last look`);
    }
    const from = Math.max(before?.size ?? 0, firstKept);
    const missing = await firstMissing(read, tiles, from, shown.size);
    if (missing !== null) return truncated(missing);
  } catch (error) {
    if (!isSluiceError(error, "ERR_LOG")) throw error;
    return truncated(String(error.details["reason"]));
  }
  const newEntries = shown.size - (before?.size ?? 0);
  return { kind: "consistent", shown, newEntries, ...(pruned === null ? {} : { pruned }) };
}

/** The first file of entries [from, size) that does not hold the entries that the tiles say; null when all do. */
async function firstMissing(read: ReadLogFile, tiles: TileSource, from: number, size: number): Promise<string | null> {
  for (let start = Math.floor(from / TILE_WIDTH) * TILE_WIDTH; start < size; start += TILE_WIDTH) {
    const tile = tileOf("entries", start, size);
    const bytes = await readTile(read, tile);
    const entries = bytes === null ? null : decodeEntryTile(bytes, tile.width);
    if (entries === null) return `${tilePath(tile)} is not whole`;
    const hashes = await tiles({ ...tile, level: 0 });
    const fits = entries.every((entry, i) =>
      equalBytes(leafHash(entry), hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES)),
    );
    if (!fits) return `${tilePath(tile)} holds other entries`;
  }
  return null;
}

async function openIfSigned(text: string, trust: LogIdentity): Promise<Checkpoint | null> {
  try {
    return await openCheckpoint(text, trust);
  } catch (error) {
    if (isSluiceError(error, "ERR_LOG")) return null;
    throw error;
  }
}

/** What was shown, as a person may read it; what is not UTF-8 is no checkpoint. */
function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch {
    return "";
  }
}

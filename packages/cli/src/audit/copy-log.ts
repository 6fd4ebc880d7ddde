/** A copy of a log's public files: its checkpoint, and every tile and entry bundle that the checkpoint covers.
 *  @module */
import { setTimeout as sleep } from "node:timers/promises";
import {
  CHECKPOINT_PATH,
  hashesAtLevel,
  levelCount,
  openPruned,
  PRUNED_PATH,
  readCheckpoint,
  readTile,
  tilePath,
  STORED_ENTRY_BYTES,
  TILE_WIDTH,
  type LogIdentity,
  type ReadLogFile,
  type Tile,
} from "@sluice/evidence/verify";
import { SluiceError, utf8, type Bytes, type Checkpoint } from "@sluice/protocol";

/** A log publishes at the end of each minute; a little more than one is waited for it. */
const PUBLICATION_MS = 90_000;
const POLL_MS = 2_000;
/** Copies that begin anew because the log published meanwhile and its narrower tiles are gone. */
const MAX_ATTEMPTS = 5;
const HASH_BYTES = 32;

/** What is copied, and where to. */
export interface LogCopy {
  readonly identity: LogIdentity;
  readonly read: ReadLogFile;
  /** Entries that the copy must cover. */
  readonly size: number;
  readonly write: (path: string, bytes: Bytes) => Promise<void>;
  /** Told while a publication is waited for. */
  readonly waiting: () => void;
  readonly signal: AbortSignal;
}

/** A copied log: its checkpoint. */
export type CopiedLog = Checkpoint & {
  /** Index of the first entry that is kept, when the log says that it was pruned. */
  readonly firstKept?: number;
};

/** Copies a log. Memory does not grow with it.
 *  @throws ERR_LOG when it is not signed, not whole, or does not publish what it gave proofs of */
export async function copyLog(copy: LogCopy): Promise<CopiedLog> {
  const { origin } = copy.identity;
  const copied = new Set<string>();
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const checkpoint = await covering(copy);
    // The note first: what it says is missing may be missing.
    const note = await copy.read(PRUNED_PATH);
    const firstKept = note === null ? 0 : (await openPruned(note, copy.identity)).firstKept;
    const open = await copyTiles(copy, checkpoint.size, { copied, firstKept });
    if (open === null) continue;
    if (note !== null) await copy.write(PRUNED_PATH, note);
    for (const [path, bytes] of open) await copy.write(path, bytes);
    await copy.write(CHECKPOINT_PATH, utf8(checkpoint.text));
    return note === null ? checkpoint : { ...checkpoint, firstKept };
  }
  throw new SluiceError("ERR_LOG", { origin, reason: "tiles that its checkpoint covers are missing" });
}

async function covering({ identity, read, size, waiting, signal }: LogCopy): Promise<Checkpoint> {
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    const checkpoint = await readCheckpoint(read, identity);
    if (checkpoint.size >= size) return checkpoint;
    if (waitedMs >= PUBLICATION_MS) {
      const reason = `it does not publish the ${size} entries that it gave proofs of, only ${checkpoint.size}`;
      throw new SluiceError("ERR_LOG", { origin: identity.origin, reason });
    }
    if (waitedMs === 0) waiting();
    try {
      await sleep(POLL_MS, undefined, { signal });
    } catch (cause) {
      throw new SluiceError("ERR_CANCELLED", {}, { cause });
    }
  }
}

/** Writes full tiles; gives those that are not full, or null when one is gone. */
async function copyTiles(
  { read, write }: LogCopy,
  size: number,
  { copied, firstKept }: { copied: Set<string>; firstKept: number },
): Promise<[path: string, bytes: Bytes][] | null> {
  const open: [string, Bytes][] = [];
  for (const tile of tilesOf(size)) {
    const path = tilePath(tile);
    if (copied.has(path)) continue;
    const bytes = await readTile(read, tile);
    const lengthBytes = tile.width * (tile.level === "entries" ? STORED_ENTRY_BYTES : HASH_BYTES);
    if (bytes === null && tile.level === "entries" && tile.index * TILE_WIDTH < firstKept) continue;
    if (bytes === null || bytes.length < lengthBytes) return null;
    if (tile.width < TILE_WIDTH) open.push([path, bytes.subarray(0, lengthBytes)]);
    else {
      await write(path, bytes);
      copied.add(path);
    }
  }
  return open;
}

function* tilesOf(size: number): Generator<Tile> {
  const levels: Tile["level"][] = ["entries", ...Array(levelCount(size)).keys()];
  for (const level of levels) {
    const stored = hashesAtLevel(level === "entries" ? 0 : level, size);
    for (let index = 0; index * TILE_WIDTH < stored; index++) {
      yield { level, index, width: Math.min(TILE_WIDTH, stored - index * TILE_WIDTH) };
    }
  }
}

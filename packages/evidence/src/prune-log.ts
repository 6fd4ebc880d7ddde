/** Removing entries of a log whose time of retention has passed. Tiles of hashes and the checkpoint stay, so that proofs
 *  and receipts still verify; the log says in a signed note which entries it no longer keeps, before it removes any.
 *  @module */
import { readdir, rmdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { utf8 } from "@sluice/protocol";
import { replaceFileDurably, syncFile } from "./durable-files.ts";
import type { LogOptions } from "./log-options.ts";
import { recoverLog } from "./log-recovery.ts";
import { signPruned } from "./pruned-note.ts";
import { assertRemovable, LOG_RETENTION_YEARS } from "./retention-rule.ts";
import { parseTilePath, PRUNED_PATH, tilePath, TILE_WIDTH } from "./tile-path.ts";

/** What is to be removed, of which log. The log must be open nowhere. */
export type PruneOptions = Pick<LogOptions, "origin" | "key" | "sm2Key" | "clock"> & {
  /** Full tiles of entries that were complete before this are removed. */
  readonly before: Date;
  /** Years for which entries are kept; `LOG_RETENTION_YEARS` when absent, and never fewer. */
  readonly retentionYears?: number | undefined;
};

/** What was removed. */
export type PruneOutcome = {
  /** Index of the first entry that is kept. */
  readonly firstKept: number;
  /** Entries of the log, kept or not. */
  readonly size: number;
  /** Files of entries that were removed now. */
  readonly removedFiles: number;
};

/** Prunes the log in `directory`. Cut off at any moment, it can be done again. The newest entry is always kept.
 *  @throws ERR_RETENTION when entries would be removed too early; ERR_DIRECTORY_LOCKED; ERR_LOG, ERR_CLOCK as `openLog` */
export async function pruneLog(directory: string, options: PruneOptions): Promise<PruneOutcome> {
  const { origin, key, sm2Key, clock, before, retentionYears = LOG_RETENTION_YEARS } = options;
  assertRemovable(before, clock.now(), retentionYears);
  const log = await recoverLog(directory, { origin, key, sm2Key, clock, publishIntervalMs: 0 });
  try {
    await log.writer.noteCompletion();
    const { size } = log.tiles;
    const complete = await log.retention.completeBefore(before.getTime());
    const newest = Math.max(0, Math.ceil(size / TILE_WIDTH) - 1);
    const firstKept = Math.max(log.firstKept, Math.min(complete, newest) * TILE_WIDTH);
    if (firstKept > log.firstKept) {
      const note = await signPruned(origin, { firstKept, at: clock.now() }, key, sm2Key);
      await replaceFileDurably(join(log.directory, PRUNED_PATH), utf8(note));
    }
    const removedFiles = await removeEntries(log.directory, firstKept / TILE_WIDTH);
    return { firstKept, size, removedFiles };
  } finally {
    await log.close();
  }
}

/** Removes every file of entries before `firstKeptTile`, also those that a pruning that was cut off had left. */
async function removeEntries(directory: string, firstKeptTile: number): Promise<number> {
  const folder = dirname(tilePath({ level: "entries", index: 0, width: TILE_WIDTH }));
  const names = firstKeptTile === 0 ? [] : await readdir(join(directory, folder), { recursive: true });
  const changed = new Set<string>();
  let removed = 0;
  for (const name of names) {
    const path = join(folder, name);
    const tile = parseTilePath(path);
    if (tile === null || tile.index >= firstKeptTile) continue;
    await unlink(join(directory, path));
    changed.add(join(directory, dirname(path)));
    removed += 1;
  }
  for (const one of changed) {
    await syncFile(one);
    await rmdir(one).catch(() => undefined); // it is not empty
  }
  return removed;
}

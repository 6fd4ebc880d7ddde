/** A log in a restored directory that is brought up to a newer copy of its public files: a mirror of what the lost process
 *  served, as anybody may keep one. So the log goes on where strangers saw it last, and lacks nothing that they saw.
 *  @module */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { concatBytes, equalBytes, type Bytes, type Checkpoint, type Clock } from "@sluice/protocol";
import type { LogIdentity } from "../checkpoint.ts";
import { readerOf } from "../durable-files.ts";
import { decodeEntryTile } from "../entry-tile.ts";
import { encodeHeader, encodeRecords } from "../journal-format.ts";
import { fileTiles, readTile } from "../log-files.ts";
import { LogTiles } from "../log-tiles.ts";
import { hashesAtLevel, isLogPath, levelCount, tileOf, TILE_WIDTH } from "../tile-path.ts";
import { rootOf, subtreesOf } from "../tile-proof.ts";
import { HASH_BYTES } from "../tree-hash.ts";
import { verifyLogFiles } from "../verify-log-files.ts";
import { copyHashed } from "./hashed-files.ts";
import { readJournal } from "./log-copy.ts";
import { backupFault } from "./manifest.ts";
import { walk } from "./walk.ts";

/** What a newer log is taken from. */
export interface NewerLog {
  /** Folder with `checkpoint` and `tile/`. */
  readonly mirror: string;
  readonly identity: LogIdentity;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** Puts the log of `mirror` in the place of the one in the directory `home`, whose continuation it has to be.
 *  @throws ERR_LOG when the mirror does not verify; ERR_BACKUP when it is shorter, or another history */
export async function takeNewerLog(home: string, { mirror, identity, clock, signal }: NewerLog): Promise<Checkpoint> {
  const read = readerOf(mirror);
  const { origin } = identity;
  const newer = await verifyLogFiles(read, identity, signal === undefined ? {} : { signal });
  const journal = await readJournal(home, origin);
  const own = new LogTiles(join(home, "log"), origin, journal?.header.base ?? 0, journal?.header.openTiles ?? []);
  for (const { entry } of journal?.records ?? []) own.append(entry);
  if (newer.size < own.size) throw backupFault(mirror, `its log has ${newer.size} entries, the backup ${own.size}`);
  const subtree = subtreesOf(fileTiles(read, origin), newer.size);
  if (own.size > 0 && !equalBytes(await rootOf(subtree, own.size), await rootOf(own.subtree, own.size))) {
    throw backupFault(mirror, "its log does not continue the one in the backup");
  }
  // What the backup's log has beside public files stays, but for times that its journal no longer supplements.
  for (const name of ["tile", "checkpoint", "journal", "retention"]) {
    await rm(join(home, "log", name), { recursive: true, force: true });
  }
  for await (const { path, kind } of walk(mirror, () => false)) {
    if (kind !== "file" || !isLogPath(path)) continue;
    await mkdir(dirname(join(home, "log", path)), { recursive: true });
    await copyHashed(join(mirror, path), join(home, "log", path), signal);
  }
  await writeFile(join(home, "log", "journal"), await journalOf(mirror, newer.size, identity, clock), { mode: 0o600 });
  return newer;
}

/** A journal that begins at the last full tile of entries. Its entries are as old as now, which is late, never early. */
async function journalOf(mirror: string, size: number, { origin, logKey }: LogIdentity, clock: Clock): Promise<Bytes> {
  const read = readerOf(mirror);
  const base = size - (size % TILE_WIDTH);
  const tiles = fileTiles(read, origin);
  const openTiles: Bytes[] = [];
  for (let level = 1; level < levelCount(base); level++) {
    const stored = hashesAtLevel(level, base);
    const width = stored % TILE_WIDTH;
    openTiles.push(
      width === 0 ? new Uint8Array(0) : (await tiles(tileOf(level, stored - 1, size))).slice(0, width * HASH_BYTES),
    );
  }
  const edge = size === base ? null : await readTile(read, tileOf("entries", base, size));
  const entries = edge === null ? [] : (decodeEntryTile(edge, size - base) ?? []);
  const atMs = clock.now().getTime();
  const header = encodeHeader({ origin, keyId: logKey, base, atMs, openTiles });
  return concatBytes(
    header,
    encodeRecords(entries.map((entry, i) => ({ index: base + i, durable: base + i, atMs, entry }))),
  );
}

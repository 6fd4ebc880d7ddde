/** Checking a backup, from its own files: each is there with its hash, and nothing else is; the log in it leads to its
 *  checkpoint, which the pinned key signed.
 *  @module */
import { join } from "node:path";
import { equalBytes, SluiceError, type Bytes, type Sha256Hex } from "@sluice/protocol";
import { openCheckpoint } from "../checkpoint.ts";
import { readerOf } from "../durable-files.ts";
import { LogTiles } from "../log-tiles.ts";
import { rootOf } from "../tile-proof.ts";
import { verifyLogFiles } from "../verify-log-files.ts";
import { factsOf, hashFile } from "./hashed-files.ts";
import { readJournal } from "./log-copy.ts";
import { BACKUP_MANIFEST, backupFault, readBackupManifest, type BackupManifest } from "./manifest.ts";
import { isGone, walk } from "./walk.ts";
import type { BackupOptions } from "./writer.ts";

/** How a backup is checked. */
export type CheckOptions = Pick<BackupOptions, "signal" | "onProgress">;

/** What was found in a backup that holds. */
export interface CheckedBackup {
  readonly manifest: BackupManifest;
  /** Of `backup.json`. */
  readonly sha256: Sha256Hex;
  /** Receipts, and events of a domain, whose entry is the one that the state knows. */
  readonly entries: number;
  /** Receipts in the state. */
  readonly receipts: number;
}

/** Holds every file against the manifest. @throws ERR_BACKUP naming the first that does not fit; ERR_CANCELLED */
export async function checkBackupFiles(
  folder: string,
  { signal, onProgress }: CheckOptions,
): Promise<{ manifest: BackupManifest; sha256: Sha256Hex }> {
  const { manifest, bytes } = await readBackupManifest(folder);
  let [files, sum] = [0, 0];
  for (const [path, known] of Object.entries(manifest.files)) {
    const found = await hashFile(join(folder, path), signal).catch((cause: unknown) => {
      if (signal?.aborted === true) throw new SluiceError("ERR_CANCELLED");
      if (isGone(cause)) throw backupFault(folder, `${path} is missing`, cause);
      throw backupFault(folder, `${path} cannot be read`, cause);
    });
    if (found.sha256 !== known.sha256) throw backupFault(folder, `${path} is not what was copied`);
    onProgress?.({ files: ++files, bytes: (sum += known.bytes), linked: 0 });
  }
  for await (const { path } of walk(folder, (name) => name === BACKUP_MANIFEST)) {
    if (manifest.files[path] === undefined && !manifest.folders.includes(path)) {
      throw backupFault(folder, `${path} is not in its ${BACKUP_MANIFEST}`);
    }
  }
  return { manifest, sha256: factsOf(bytes).sha256 };
}

/** A log that was found whole. */
export interface CheckedLog {
  /** Entries of it. */
  readonly size: number;
  /** Index of the first that is kept. */
  readonly firstKept: number;
  /** Entries [from, to). @throws ERR_LOG */
  entries(from: number, to: number): Promise<Bytes[]>;
}

/** Verifies the log in a backup: its files against the checkpoint, and the entries of its journal against both.
 *  @throws ERR_LOG, ERR_BACKUP */
export async function checkBackupLog(
  folder: string,
  { log: { checkpoint, size, ...identity } }: BackupManifest,
  { signal }: CheckOptions,
): Promise<CheckedLog> {
  const { origin } = identity;
  const journal = await readJournal(folder, origin);
  if ((journal?.size ?? 0) !== size) throw backupFault(folder, `its log does not have ${size} entries`);
  const directory = join(folder, "log");
  const tiles = new LogTiles(directory, origin, journal?.header.base ?? 0, journal?.header.openTiles ?? []);
  for (const { entry } of journal?.records ?? []) tiles.append(entry);
  let firstKept = 0;
  if (checkpoint !== null) {
    const verified = await verifyLogFiles(readerOf(directory), identity, signal === undefined ? {} : { signal });
    const named = await openCheckpoint(checkpoint, identity);
    const isNamed = named.size === verified.size && equalBytes(named.rootHash, verified.rootHash);
    if (
      !isNamed ||
      verified.size > size ||
      !equalBytes(await rootOf(tiles.subtree, verified.size), verified.rootHash)
    ) {
      throw new SluiceError("ERR_LOG", { origin, reason: "its journal, tiles and checkpoint are not of one log" });
    }
    firstKept = verified.pruned?.firstKept ?? 0;
  }
  return {
    size,
    firstKept,
    async entries(from, to) {
      const entries = await tiles.entries(from, to);
      if (entries === null) throw new SluiceError("ERR_LOG", { origin, reason: "a tile of entries is damaged" });
      return entries;
    },
  };
}

/** A document whose entry the state says stands at `index`. */
export interface NotedEntry {
  readonly index: number;
  readonly entry: Bytes;
}

/** Holds what a state noted, in ascending order, against the log. @returns how many were held against it
 *  @throws ERR_BACKUP naming the index; ERR_CANCELLED */
export async function checkNotedEntries(
  folder: string,
  log: CheckedLog,
  noted: Iterable<NotedEntry> | AsyncIterable<NotedEntry>,
  signal: AbortSignal | undefined,
): Promise<number> {
  let [count, pageFrom] = [0, 0];
  let page: Bytes[] = [];
  for await (const { index, entry } of noted) {
    if (signal?.aborted === true) throw new SluiceError("ERR_CANCELLED");
    if (index >= log.size) throw backupFault(folder, `its state knows entry ${index}, its log has ${log.size}`);
    if (index < log.firstKept) continue;
    if (index < pageFrom || index >= pageFrom + page.length) {
      pageFrom = index;
      page = await log.entries(index, Math.min(index + PAGE_ENTRIES, log.size));
    }
    const found = page[index - pageFrom];
    if (found === undefined || !equalBytes(found, entry)) {
      throw backupFault(folder, `entry ${index} of its log is not the one that its state knows`);
    }
    count++;
  }
  return count;
}

const PAGE_ENTRIES = 1_024;

/** A log in a directory: C2SP tlog-tiles files that anyone may read, and a private journal that makes each
 *  entry durable first. Appends that arrive together share one write to the disk.
 *
 *  After any end of the process or the power, `openLog` finds every entry whose `append` returned, in the
 *  same order, so that each checkpoint ever signed stays one of the tree. Where it cannot, it refuses.
 *  @module */
import { join, resolve } from "node:path";
import {
  equalBytes,
  LogOrigin,
  SluiceError,
  utf8,
  type Bytes,
  type Checkpoint,
  type EvidenceLog,
  type LogPosition,
} from "@sluice/protocol";
import { lockDirectory, type DirectoryLock } from "./directory-lock.ts";
import { readerOf } from "./durable-files.ts";
import { Journal } from "./journal.ts";
import { readCheckpoint, readCoveredTile, type ReadLogFile } from "./log-files.ts";
import type { LogOptions } from "./log-options.ts";
import { LogTiles } from "./log-tiles.ts";
import { LogWriter } from "./log-writer.ts";
import { sm2LineOf } from "./signed-note-sm2.ts";
import { CHECKPOINT_PATH, TILE_WIDTH } from "./tile-path.ts";
import { consistencyProof, inclusionProof, rootOf } from "./tile-proof.ts";

/** Entries that one call of `readEntries` gives. */
export const MAX_READ_ENTRIES = 65_536;

const JOURNAL_FILE = "journal";

/** A log that this process alone appends to. */
export interface DirectoryLog extends EvidenceLog, AsyncDisposable {
  /** Entries that are durable. */
  readonly size: number;
  /** As `checkpoint`, and the files of it are in the directory when it returns, whatever the interval: strangers who
   *  ask at that moment learn when the newest entries came. */
  publish(): Promise<Checkpoint>;
  /** The public file of that path as strangers may see it now: the checkpoint of the last interval, or a tile that
   *  it covers; null for every other path. */
  readPublished(path: string): Promise<Bytes | null>;
  /** Entries [from, to) in order, at most `MAX_READ_ENTRIES` of them.
   *  @throws ERR_NOT_FOUND outside the log; ERR_LOG when a file of entries is damaged. */
  readEntries(from: number, to: number): Promise<Bytes[]>;
}

/** Opens the log in `directory`, or begins one there.
 *  @throws ERR_DIRECTORY_LOCKED, ERR_DIRECTORY_UNWRITABLE; ERR_LOG when it is of another origin or key, or
 *  lacks entries it had published or made durable; ERR_CLOCK. */
export async function openLog(directory: string, options: LogOptions): Promise<DirectoryLog> {
  if (!LogOrigin.safeParse(options.origin).success) {
    throw new SluiceError("ERR_BODY_INVALID", { pointer: "/origin", expected: "a log origin" });
  }
  const lock = await lockDirectory(directory);
  let journal: Journal | undefined;
  try {
    const path = resolve(directory);
    const opened = await openJournal(path, options);
    journal = opened.journal;
    const { header, records } = opened;
    const tiles = new LogTiles(path, options.origin, header.base, header.openTiles);
    for (const { entry } of records) tiles.append(entry);
    tiles.writeFull();
    const published = await checkPublished(path, options, tiles);
    const lastAtMs = records.at(-1)?.atMs ?? header.atMs;
    const state = { directory: path, journal, tiles, lastAtMs, journaled: records.length, published };
    const writer = new LogWriter(options, state);
    await writer.publish();
    return new OpenDirectoryLog(options.origin, path, lock, tiles, writer);
  } catch (error) {
    await journal?.close();
    lock.release();
    throw error;
  }
}

/** Index of the first `entry` at `fromIndex` or later, or null: whether an append that was cut off took place. */
export async function findEntry(log: DirectoryLog, entry: Bytes, fromIndex = 0): Promise<number | null> {
  for (let from = fromIndex; from < log.size; from += TILE_WIDTH) {
    const entries = await log.readEntries(from, Math.min(from + TILE_WIDTH, log.size));
    const found = entries.findIndex((candidate) => equalBytes(candidate, entry));
    if (found !== -1) return from + found;
  }
  return null;
}

async function openJournal(directory: string, { origin, key }: LogOptions) {
  const path = join(directory, JOURNAL_FILE);
  const found = await Journal.open(path, origin);
  if (found !== null) {
    if (found.header.origin === origin && found.header.keyId === key.keyId) return found;
    await found.journal.close();
    throw new SluiceError("ERR_LOG", { origin, reason: "the directory is of another log or key" });
  }
  if ((await readerOf(directory)(CHECKPOINT_PATH)) !== null) {
    throw new SluiceError("ERR_LOG", { origin, reason: "the journal is missing" });
  }
  const header = { origin, keyId: key.keyId, base: 0, atMs: 0, openTiles: [] };
  return { header, records: [], journal: await Journal.create(path, header, []) };
}

/** What was recovered must hold what had been published. @returns that checkpoint, or null */
async function checkPublished(
  directory: string,
  { origin, key, sm2Key }: LogOptions,
  tiles: LogTiles,
): Promise<Checkpoint | null> {
  const read = readerOf(directory);
  if ((await read(CHECKPOINT_PATH)) === null) return null;
  const published = await readCheckpoint(read, { origin, logKey: key.keyId });
  // A log that has an SM2 key for the first time published without its line.
  if (sm2Key !== undefined && (await sm2LineOf(published.text, origin, sm2Key.keyId)) === "invalid") {
    throw new SluiceError("ERR_LOG", { origin, reason: "the SM2 line of the published checkpoint is not valid" });
  }
  if (published.size > tiles.size) {
    throw new SluiceError("ERR_LOG", { origin, reason: "entries of the published checkpoint are missing" });
  }
  if (!equalBytes(await rootOf(tiles.subtree, published.size), published.rootHash)) {
    throw new SluiceError("ERR_LOG", { origin, reason: "the published checkpoint is of another tree" });
  }
  return published;
}

class OpenDirectoryLog implements DirectoryLog {
  readonly origin: string;
  readonly #read: ReadLogFile;
  readonly #lock: DirectoryLock;
  readonly #tiles: LogTiles;
  readonly #writer: LogWriter;

  constructor(origin: string, directory: string, lock: DirectoryLock, tiles: LogTiles, writer: LogWriter) {
    this.origin = origin;
    this.#read = readerOf(directory);
    this.#lock = lock;
    this.#tiles = tiles;
    this.#writer = writer;
  }

  get size(): number {
    return this.#tiles.size;
  }

  append(entry: Bytes): Promise<LogPosition> {
    return this.#writer.append(entry);
  }

  checkpoint(): Promise<Checkpoint> {
    return this.#writer.checkpoint();
  }

  publish(): Promise<Checkpoint> {
    return this.#writer.publish();
  }

  async readPublished(path: string): Promise<Bytes | null> {
    const shown = await this.#writer.shown();
    if (shown === null) return null;
    return path === CHECKPOINT_PATH ? utf8(shown.text) : readCoveredTile(this.#read, path, shown.size);
  }

  async inclusion(index: number, size: number): Promise<Bytes[]> {
    this.#assertRange(index, size);
    if (index === size) throw new SluiceError("ERR_NOT_FOUND", { kind: "log entry", name: index });
    return inclusionProof(this.#tiles.subtree, index, size);
  }

  async consistency(from: number, to: number): Promise<Bytes[]> {
    this.#assertRange(from, to);
    return consistencyProof(this.#tiles.subtree, from, to);
  }

  async readEntries(from: number, to: number): Promise<Bytes[]> {
    this.#assertRange(from, to);
    const entries = await this.#tiles.entries(from, Math.min(to, from + MAX_READ_ENTRIES));
    if (entries !== null) return entries;
    throw new SluiceError("ERR_LOG", { origin: this.origin, reason: "a tile of entries is damaged" });
  }

  async close(): Promise<void> {
    try {
      await this.#writer.close();
    } finally {
      this.#lock.release();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @throws ERR_NOT_FOUND unless 0 ≤ from ≤ to ≤ size. */
  #assertRange(from: number, to: number): void {
    const whole = Number.isSafeInteger(from) && Number.isSafeInteger(to);
    if (whole && from >= 0 && from <= to && to <= this.size) return;
    throw new SluiceError("ERR_NOT_FOUND", { kind: "log entry", name: to });
  }
}

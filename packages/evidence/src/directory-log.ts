/** A log in a directory: C2SP tlog-tiles files that anyone may read, and a private journal that makes each
 *  entry durable first. Appends that arrive together share one write to the disk.
 *
 *  After any end of the process or the power, `openLog` finds every entry whose `append` returned, in the
 *  same order, so that each checkpoint ever signed stays one of the tree. Where it cannot, it refuses.
 *  @module */
import {
  equalBytes,
  SluiceError,
  utf8,
  type Bytes,
  type Checkpoint,
  type EvidenceLog,
  type LogPosition,
} from "@sluice/protocol";
import { readerOf } from "./durable-files.ts";
import { readCoveredTile, type ReadLogFile } from "./log-files.ts";
import type { LogOptions } from "./log-options.ts";
import { recoverLog, type RecoveredLog } from "./log-recovery.ts";
import type { LogTiles } from "./log-tiles.ts";
import type { LogWriter } from "./log-writer.ts";
import { CHECKPOINT_PATH, PRUNED_PATH, TILE_WIDTH } from "./tile-path.ts";
import { consistencyProof, inclusionProof } from "./tile-proof.ts";

/** Entries that one call of `readEntries` gives. */
export const MAX_READ_ENTRIES = 65_536;

/** A log that this process alone appends to. */
export interface DirectoryLog extends EvidenceLog, AsyncDisposable {
  /** Entries that are durable. */
  readonly size: number;
  /** Index of the first entry that is kept: 0 unless the log was pruned. */
  readonly firstKept: number;
  /** As `checkpoint`, and the files of it are in the directory when it returns, whatever the interval: strangers who
   *  ask at that moment learn when the newest entries came. */
  publish(): Promise<Checkpoint>;
  /** The public file of that path as strangers may see it now: the checkpoint of the last interval, a tile that it
   *  covers, or the note of a pruned log; null for every other path. */
  readPublished(path: string): Promise<Bytes | null>;
  /** Entries [from, to) in order, at most `MAX_READ_ENTRIES` of them.
   *  @throws ERR_NOT_FOUND outside the log; ERR_LOG_PRUNED before `firstKept`; ERR_LOG when a file of entries is damaged. */
  readEntries(from: number, to: number): Promise<Bytes[]>;
}

/** Opens the log in `directory`, or begins one there.
 *  @throws ERR_DIRECTORY_LOCKED, ERR_DIRECTORY_UNWRITABLE; ERR_LOG when it is of another origin or key, or
 *  lacks entries it had published or made durable; ERR_CLOCK. */
export async function openLog(directory: string, options: LogOptions): Promise<DirectoryLog> {
  return new OpenDirectoryLog(options.origin, await recoverLog(directory, options));
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

class OpenDirectoryLog implements DirectoryLog {
  readonly origin: string;
  readonly firstKept: number;
  readonly #read: ReadLogFile;
  readonly #log: RecoveredLog;
  readonly #tiles: LogTiles;
  readonly #writer: LogWriter;

  constructor(origin: string, log: RecoveredLog) {
    this.origin = origin;
    this.firstKept = log.firstKept;
    this.#read = readerOf(log.directory);
    this.#log = log;
    this.#tiles = log.tiles;
    this.#writer = log.writer;
  }

  get size(): number {
    return this.#writer.size;
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
    if (path === PRUNED_PATH) return this.#read(path); // written by nobody while the log is open
    return path === CHECKPOINT_PATH ? utf8(shown.text) : readCoveredTile(this.#read, path, shown.size);
  }

  async inclusion(index: number, size: number): Promise<Bytes[]> {
    this.#assertRange(index, size);
    this.#writer.settle();
    if (index === size) throw new SluiceError("ERR_NOT_FOUND", { kind: "log entry", name: index });
    return inclusionProof(this.#tiles.subtree, index, size);
  }

  async consistency(from: number, to: number): Promise<Bytes[]> {
    this.#assertRange(from, to);
    this.#writer.settle();
    return consistencyProof(this.#tiles.subtree, from, to);
  }

  async readEntries(from: number, to: number): Promise<Bytes[]> {
    this.#assertRange(from, to);
    this.#writer.settle();
    if (from < this.firstKept && from < to) {
      throw new SluiceError("ERR_LOG_PRUNED", { origin: this.origin, firstKept: this.firstKept });
    }
    const entries = await this.#tiles.entries(from, Math.min(to, from + MAX_READ_ENTRIES));
    if (entries !== null) return entries;
    throw new SluiceError("ERR_LOG", { origin: this.origin, reason: "a tile of entries is damaged" });
  }

  close(): Promise<void> {
    return this.#log.close();
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

/** A log in a directory: C2SP tlog-tiles files that anyone may read, and a private journal that makes each
 *  entry durable first. Appends that arrive together share one write to the disk.
 *
 *  After any end of the process or the power, `openLog` finds every entry whose `append` returned, in the
 *  same order, so that each checkpoint ever signed stays one of the tree. Where it cannot, it refuses.
 *  @module */
import { join, resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import {
  equalBytes,
  LogOrigin,
  MAX_CLOCK_SKEW_MS,
  SluiceError,
  utf8,
  type Bytes,
  type Checkpoint,
  type Clock,
  type EvidenceLog,
  type LogPosition,
} from "@sluice/protocol";
import { signCheckpoint } from "./checkpoint.ts";
import { lockDirectory, type DirectoryLock } from "./directory-lock.ts";
import { readerOf, replaceFile } from "./durable-files.ts";
import { ENTRY_BYTES } from "./entry-tile.ts";
import { Journal } from "./journal.ts";
import type { KeyPair } from "./keys.ts";
import { readCheckpoint } from "./log-files.ts";
import { LogTiles } from "./log-tiles.ts";
import { consistencyFromTiles, inclusionFromTiles, rootFromTiles } from "./tile-proof.ts";
import { CHECKPOINT_PATH, TILE_WIDTH } from "./tile-path.ts";

/** Entries that one write to the disk makes durable. */
const MAX_BATCH_ENTRIES = 4_096;
/** Appends that may wait; more are refused. */
const MAX_WAITING_APPENDS = 65_536;
/** Entries in the journal above which it begins again from the tiles. */
const MAX_JOURNAL_ENTRIES = 16_384;
/** Entries that one call of `readEntries` gives. */
export const MAX_READ_ENTRIES = 65_536;

const JOURNAL_FILE = "journal";

/** What a log is opened with. */
export type LogOptions = {
  /** Name in checkpoints; see `LogOrigin`. */
  readonly origin: string;
  /** Signs checkpoints. The same for the life of the log. */
  readonly key: KeyPair;
  /** A clock behind the newest entry by more than the tolerated skew refuses work. */
  readonly clock: Clock;
};

type Waiting<T> = { resolve: (value: T) => void; reject: (reason: unknown) => void };

/** A log that this process alone appends to. */
export interface DirectoryLog extends EvidenceLog, AsyncDisposable {
  /** Entries that are durable. */
  readonly size: number;
  /** Entries [from, to) in order, at most `MAX_READ_ENTRIES`. @throws ERR_NOT_FOUND outside the log, ERR_LOG */
  readEntries(from: number, to: number): Promise<Bytes[]>;
}

/** Opens the log in `directory`, or begins one there.
 *  @throws ERR_DIRECTORY_LOCKED, ERR_DIRECTORY_UNWRITABLE; ERR_LOG when it is of another origin or key, or
 *  lacks entries it had published or made durable; ERR_CLOCK. */
export async function openLog(directory: string, options: LogOptions): Promise<DirectoryLog> {
  const origin = LogOrigin.safeParse(options.origin);
  if (!origin.success) throw new SluiceError("ERR_BODY_INVALID", { pointer: "/origin", expected: "a log origin" });
  const lock = await lockDirectory(directory);
  let journal: Journal | undefined;
  try {
    const path = resolve(directory);
    const opened = await openJournal(path, options);
    journal = opened.journal;
    const { header, records } = opened;
    const tiles = new LogTiles(path, options.origin, header.base, header.openTiles);
    for (const { entry } of records) tiles.append(entry);
    const lastAtMs = records.at(-1)?.atMs ?? header.atMs;
    const log = new OpenDirectoryLog(path, options, { lock, journal, tiles, lastAtMs, journaled: records.length });
    await log.start();
    return log;
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

class OpenDirectoryLog implements DirectoryLog {
  readonly origin: string;
  readonly #directory: string;
  readonly #options: LogOptions;
  readonly #lock: DirectoryLock;
  readonly #journal: Journal;
  readonly #tiles: LogTiles;
  #journaled: number;
  #lastAtMs: number;
  #appends: (Waiting<LogPosition> & { entry: Bytes; atMs: number })[] = [];
  #checkpoints: Waiting<Checkpoint>[] = [];
  #published: Checkpoint | undefined;
  #running: Promise<void> | undefined;
  #closed = false;
  #failure: SluiceError | undefined;

  constructor(
    directory: string,
    options: LogOptions,
    state: { lock: DirectoryLock; journal: Journal; tiles: LogTiles; lastAtMs: number; journaled: number },
  ) {
    this.origin = options.origin;
    this.#directory = directory;
    this.#options = options;
    this.#lock = state.lock;
    this.#journal = state.journal;
    this.#tiles = state.tiles;
    this.#lastAtMs = state.lastAtMs;
    this.#journaled = state.journaled;
  }

  get size(): number {
    return this.#tiles.size;
  }

  /** Checks what was recovered against what had been published, and publishes it. */
  async start(): Promise<void> {
    this.#now();
    await this.#tiles.writeFull();
    if ((await readerOf(this.#directory)(CHECKPOINT_PATH)) !== null) {
      const trust = { origin: this.origin, logKey: this.#options.key.keyId };
      const published = await readCheckpoint(readerOf(this.#directory), trust);
      if (published.size > this.size) throw this.#broken("entries of the published checkpoint are missing");
      const rootHash = await rootFromTiles(this.#tiles.source, published.size);
      if (!equalBytes(rootHash, published.rootHash)) throw this.#broken("the published checkpoint is of another tree");
    }
    await this.#publish();
  }

  append(entry: Bytes): Promise<LogPosition> {
    return new Promise((resolve, reject) => {
      this.#assertOpen();
      if (entry.length !== ENTRY_BYTES) {
        throw new SluiceError("ERR_FRAME_MALFORMED", { field: "entry", expected: `${ENTRY_BYTES} bytes` });
      }
      if (this.#appends.length >= MAX_WAITING_APPENDS) {
        throw new SluiceError("ERR_POOL_FULL", { maxQueue: MAX_WAITING_APPENDS });
      }
      this.#appends.push({ entry: new Uint8Array(entry), atMs: this.#now(), resolve, reject });
      this.#wake();
    });
  }

  checkpoint(): Promise<Checkpoint> {
    return new Promise((resolve, reject) => {
      this.#assertOpen();
      if (this.#published?.size === this.size) return resolve(this.#published);
      this.#checkpoints.push({ resolve, reject });
      this.#wake();
    });
  }

  async inclusion(index: number, size: number): Promise<Bytes[]> {
    this.#assertRange(index, size);
    if (index === size) throw new SluiceError("ERR_NOT_FOUND", { kind: "log entry", name: index });
    return inclusionFromTiles(this.#tiles.source, index, size);
  }

  async consistency(from: number, to: number): Promise<Bytes[]> {
    this.#assertRange(from, to);
    return consistencyFromTiles(this.#tiles.source, from, to);
  }

  async readEntries(from: number, to: number): Promise<Bytes[]> {
    this.#assertRange(from, to);
    const entries = await this.#tiles.entries(from, Math.min(to, from + MAX_READ_ENTRIES));
    if (entries === null) throw this.#broken("an entry tile is damaged");
    return entries;
  }

  async close(): Promise<void> {
    if (this.#closed) return this.#running;
    this.#closed = true;
    await this.#running;
    try {
      if (this.#failure === undefined) await this.#publish();
    } finally {
      await this.#journal.close();
      this.#lock.release();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #wake(): void {
    this.#running ??= this.#run();
  }

  /** The one writer: batches appends, then answers checkpoints, until nothing waits. */
  async #run(): Promise<void> {
    try {
      while (this.#appends.length > 0 || this.#checkpoints.length > 0) {
        await setImmediate(); // lets the callers of this turn join the batch
        if (this.#appends.length > 0) await this.#commit();
        const waiting = this.#checkpoints.splice(0);
        if (waiting.length === 0) continue;
        try {
          const checkpoint = await this.#publish();
          for (const { resolve } of waiting) resolve(checkpoint);
        } catch (error) {
          this.#checkpoints.unshift(...waiting);
          throw error;
        }
      }
    } catch (cause) {
      // What reached the disk is not known any more: only opening the log again tells.
      const failure = new SluiceError("ERR_LOG", { origin: this.origin, reason: "a write failed" }, { cause });
      this.#failure = failure;
      for (const { reject } of [...this.#appends.splice(0), ...this.#checkpoints.splice(0)]) reject(failure);
    } finally {
      this.#running = undefined; // in the same turn in which nothing was left to do
    }
  }

  async #commit(): Promise<void> {
    const durable = this.size;
    const batch = this.#appends.slice(0, MAX_BATCH_ENTRIES);
    await this.#journal.append(batch.map(({ entry, atMs }, i) => ({ index: durable + i, durable, atMs, entry })));
    this.#appends.splice(0, batch.length);
    for (const { entry } of batch) this.#tiles.append(entry);
    for (const [i, { resolve }] of batch.entries()) resolve({ index: durable + i });
    this.#journaled += batch.length;
    await this.#tiles.writeFull();
    if (this.#journaled > MAX_JOURNAL_ENTRIES) await this.#restartJournal();
  }

  async #restartJournal(): Promise<void> {
    await this.#tiles.syncFull();
    const entries = this.#tiles.openEntries();
    const base = this.size - entries.length;
    const { origin, key } = this.#options;
    const atMs = this.#lastAtMs;
    const header = { origin, keyId: key.keyId, base, atMs, openTiles: this.#tiles.openTiles() };
    const records = entries.map((entry, i) => ({ index: base + i, durable: base + i, atMs, entry }));
    await this.#journal.restart(header, records);
    this.#journaled = records.length;
  }

  /** Files first, then the checkpoint over them: a reader that sees a checkpoint finds its tiles. */
  async #publish(): Promise<Checkpoint> {
    const { size } = this;
    if (this.#published?.size === size) return this.#published;
    await this.#tiles.writeOpen();
    const rootHash = await rootFromTiles(this.#tiles.source, size);
    const checkpoint = await signCheckpoint(this.origin, { size, rootHash }, this.#options.key);
    await replaceFile(join(this.#directory, CHECKPOINT_PATH), utf8(checkpoint.text));
    this.#published = checkpoint;
    return checkpoint;
  }

  /** Time for a record; never before that of an earlier one. @throws ERR_CLOCK */
  #now(): number {
    const now = this.#options.clock.now().getTime();
    if (!(now >= this.#lastAtMs - MAX_CLOCK_SKEW_MS)) throw new SluiceError("ERR_CLOCK");
    this.#lastAtMs = Math.max(this.#lastAtMs, now);
    return this.#lastAtMs;
  }

  #assertOpen(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed) {
      throw new SluiceError("ERR_STATE", { kind: "log", name: this.origin, state: "closed", needed: "an open log" });
    }
  }

  /** @throws ERR_NOT_FOUND unless 0 ≤ from ≤ to ≤ size. */
  #assertRange(from: number, to: number): void {
    const whole = Number.isSafeInteger(from) && Number.isSafeInteger(to);
    if (whole && from >= 0 && from <= to && to <= this.size) return;
    throw new SluiceError("ERR_NOT_FOUND", { kind: "log entry", name: to });
  }

  #broken(reason: string): SluiceError {
    return new SluiceError("ERR_LOG", { origin: this.origin, reason });
  }
}

/** The one writer of a log: batches appends into single writes to the disk, signs checkpoints, and puts
 *  tiles and checkpoint into files at intervals.
 *  @module */
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { MAX_CLOCK_SKEW_MS, SluiceError, utf8, type Bytes, type Checkpoint, type LogPosition } from "@sluice/protocol";
import { signCheckpoint } from "./checkpoint.ts";
import { replaceFile } from "./durable-files.ts";
import { ENTRY_BYTES } from "./entry-tile.ts";
import type { Journal } from "./journal.ts";
import type { LogOptions } from "./log-options.ts";
import type { LogTiles } from "./log-tiles.ts";
import { CHECKPOINT_PATH } from "./tile-path.ts";
import { rootOf } from "./tile-proof.ts";

/** Entries that one write to the disk makes durable. */
const MAX_BATCH_ENTRIES = 4_096;
/** Appends that may wait; more are refused. */
const MAX_WAITING_APPENDS = 65_536;
/** Entries in the journal above which it begins again from the tiles. */
const MAX_JOURNAL_ENTRIES = 16_384;
/** Longest time from a checkpoint given to its files, in milliseconds. */
export const DEFAULT_PUBLISH_INTERVAL_MS = 100;

type Waiting<T> = { resolve: (value: T) => void; reject: (reason: unknown) => void };

/** What a writer begins with, as it was recovered. */
export type WriterState = {
  readonly directory: string;
  readonly journal: Journal;
  readonly tiles: LogTiles;
  /** Entries in the journal. */
  readonly journaled: number;
  /** Time of the newest entry. */
  readonly lastAtMs: number;
};

/** Writes one log. The order is always: journal on disk, then answer; tiles, then the checkpoint over them. */
export class LogWriter {
  readonly #options: LogOptions;
  readonly #directory: string;
  readonly #journal: Journal;
  readonly #tiles: LogTiles;
  #journaled: number;
  #lastAtMs: number;
  #appends: (Waiting<LogPosition> & { entry: Bytes; atMs: number })[] = [];
  #checkpoints: Waiting<Checkpoint>[] = [];
  #publications: Waiting<Checkpoint>[] = [];
  #signed: Checkpoint | undefined;
  #published: Checkpoint | undefined;
  /** Set for an interval after each publication; what is signed meanwhile is published at its end. */
  #interval: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #closed = false;
  #failure: SluiceError | undefined;

  /** @throws ERR_CLOCK when the clock is behind the newest entry. */
  constructor(options: LogOptions, state: WriterState) {
    this.#options = options;
    this.#directory = state.directory;
    this.#journal = state.journal;
    this.#tiles = state.tiles;
    this.#journaled = state.journaled;
    this.#lastAtMs = state.lastAtMs;
    this.#now();
  }

  /** See `EvidenceLog`. */
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

  /** See `EvidenceLog`. */
  checkpoint(): Promise<Checkpoint> {
    return this.#ask(this.#checkpoints);
  }

  /** As `checkpoint`, and its files are there when it returns. */
  publish(): Promise<Checkpoint> {
    return this.#ask(this.#publications);
  }

  /** Finishes what waits, publishes, and closes the journal. */
  async close(): Promise<void> {
    if (this.#closed) return;
    const last = this.#failure === undefined ? this.publish() : Promise.resolve();
    this.#closed = true;
    try {
      await last;
    } finally {
      await this.#running;
      clearTimeout(this.#interval);
      await this.#journal.close();
    }
  }

  #ask(queue: Waiting<Checkpoint>[]): Promise<Checkpoint> {
    return new Promise((resolve, reject) => {
      this.#assertOpen();
      queue.push({ resolve, reject });
      this.#wake();
    });
  }

  #wake(): void {
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    try {
      while (this.#appends.length + this.#checkpoints.length + this.#publications.length > 0) {
        await setImmediate(); // lets the callers of this turn join the batch
        if (this.#appends.length > 0) await this.#commit();
        if (this.#checkpoints.length + this.#publications.length > 0) await this.#answer();
      }
    } catch (cause) {
      // What reached the disk is not known any more: only opening the log again tells.
      this.#failure = new SluiceError("ERR_LOG", { origin: this.#options.origin, reason: "a write failed" }, { cause });
      const waiting = [...this.#appends.splice(0), ...this.#checkpoints.splice(0), ...this.#publications.splice(0)];
      for (const { reject } of waiting) reject(this.#failure);
    } finally {
      this.#running = undefined; // in the same turn in which nothing was left to do
    }
  }

  async #commit(): Promise<void> {
    const durable = this.#tiles.size;
    const batch = this.#appends.slice(0, MAX_BATCH_ENTRIES);
    await this.#journal.append(batch.map(({ entry, atMs }, i) => ({ index: durable + i, durable, atMs, entry })));
    this.#appends.splice(0, batch.length);
    for (const { entry } of batch) this.#tiles.append(entry);
    for (const [i, { resolve }] of batch.entries()) resolve({ index: durable + i });
    this.#journaled += batch.length;
    this.#tiles.writeFull();
    if (this.#journaled > MAX_JOURNAL_ENTRIES) await this.#restartJournal();
  }

  async #restartJournal(): Promise<void> {
    await this.#tiles.syncFull();
    const entries = this.#tiles.openEntries();
    const base = this.#tiles.size - entries.length;
    const { origin, key } = this.#options;
    const atMs = this.#lastAtMs;
    const header = { origin, keyId: key.keyId, base, atMs, openTiles: this.#tiles.openTiles() };
    const records = entries.map((entry, i) => ({ index: base + i, durable: base + i, atMs, entry }));
    await this.#journal.restart(header, records);
    this.#journaled = records.length;
  }

  async #answer(): Promise<void> {
    const checkpoint = await this.#sign();
    if (this.#publications.length > 0 || this.#interval === undefined) this.#writeFiles(checkpoint);
    const waiting = [...this.#checkpoints.splice(0), ...this.#publications.splice(0)];
    for (const { resolve } of waiting) resolve(checkpoint);
  }

  async #sign(): Promise<Checkpoint> {
    const { size } = this.#tiles;
    if (this.#signed?.size === size) return this.#signed;
    const rootHash = await rootOf(this.#tiles.subtree, size);
    this.#signed = await signCheckpoint(this.#options.origin, { size, rootHash }, this.#options.key);
    return this.#signed;
  }

  #writeFiles(checkpoint: Checkpoint): void {
    if (this.#published === checkpoint) return;
    this.#tiles.writeOpen();
    replaceFile(join(this.#directory, CHECKPOINT_PATH), utf8(checkpoint.text));
    this.#published = checkpoint;
    const intervalMs = this.#options.publishIntervalMs ?? DEFAULT_PUBLISH_INTERVAL_MS;
    if (intervalMs === 0 || this.#closed) return;
    clearTimeout(this.#interval);
    this.#interval = setTimeout(() => {
      this.#interval = undefined;
      if (this.#signed === this.#published || this.#closed || this.#failure !== undefined) return;
      this.publish().catch(() => undefined); // a failed write is told to the next caller
    }, intervalMs).unref();
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
    if (!this.#closed) return;
    const { origin } = this.#options;
    throw new SluiceError("ERR_STATE", { kind: "log", name: origin, state: "closed", needed: "an open log" });
  }
}

/** The one writer of a log: batches appends into single writes to the disk, signs checkpoints for those who
 *  hold an entry, and shows strangers a checkpoint at the end of each interval only, so that they do not see
 *  when an entry came.
 *  @module */
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { MAX_CLOCK_SKEW_MS, SluiceError, utf8, type Bytes, type Checkpoint, type LogPosition } from "@sluice/protocol";
import { signCheckpoint } from "./checkpoint.ts";
import { replaceFile } from "./durable-files.ts";
import { ENTRY_BYTES } from "./entry-tile.ts";
import type { Journal } from "./journal.ts";
import { encodeRecords, RECORD_BYTES, type JournalHeader, type JournalRecord } from "./journal-format.ts";
import type { LogOptions } from "./log-options.ts";
import type { LogTiles } from "./log-tiles.ts";
import type { RetentionIndex } from "./retention-index.ts";
import { CHECKPOINT_PATH, TILE_WIDTH } from "./tile-path.ts";
import { consistencyProof, rootOf } from "./tile-proof.ts";

/** Entries that one write to the disk makes durable. */
const MAX_BATCH_ENTRIES = 4_096;
/** Appends that may wait; more are refused. */
const MAX_WAITING_APPENDS = 65_536;
/** Entries in the journal above which it begins again from the tiles. */
const MAX_JOURNAL_ENTRIES = 16_384;
/** How many times as long it may become while tiles are brought to the disk. */
const MAX_JOURNALS = 2;
/** Time from one published checkpoint to the next, in milliseconds. */
export const DEFAULT_PUBLISH_INTERVAL_MS = 60_000;
/** Longest time from the end of an interval to its publication. */
const MAX_TICK_MS = 1_000;

type Waiting<T> = { resolve: (value: T) => void; reject: (reason: unknown) => void };

/** Records that went to the disk together, from the entry of `index` on. */
type Batch = { readonly index: number; readonly bytes: Bytes };

/** What a writer begins with, as it was recovered. */
export type WriterState = {
  readonly directory: string;
  readonly journal: Journal;
  readonly retention: RetentionIndex;
  readonly tiles: LogTiles;
  /** When each full tile of the journal's entries was complete. */
  readonly completeAtMs: readonly number[];
  /** What is in the journal. */
  readonly records: readonly JournalRecord[];
  /** Time of the newest entry. */
  readonly lastAtMs: number;
  /** What the directory shows, if anything. It is of the tree in `tiles`. */
  readonly published: Checkpoint | null;
};

/** Writes one log. The order is always: journal on disk, then answer; tiles, then the checkpoint over them; tiles on disk,
 *  then a journal without their entries. */
export class LogWriter {
  readonly #options: LogOptions;
  readonly #directory: string;
  readonly #journal: Journal;
  readonly #retention: RetentionIndex;
  /** Entries that are durable and not in the tree yet: they are hashed while the next write to the disk is under way. */
  #durable: readonly { entry: Bytes; atMs: number }[] = [];
  readonly #tiles: LogTiles;
  /** Times that the retention index does not have yet. */
  #completeAtMs: number[];
  /** What is in the journal, batch by batch and encoded, for memory is dear. */
  #batches: Batch[];
  /** The bringing of full tiles to the disk, while it lasts: appends go on. */
  #flushing: Promise<void> | undefined;
  /** Where the journal may begin, once its tiles are on disk. */
  #flushed: JournalHeader | undefined;
  #lastAtMs: number;
  #appends: (Waiting<LogPosition> & { entry: Bytes; atMs: number })[] = [];
  #checkpoints: Waiting<Checkpoint>[] = [];
  #publications: Waiting<Checkpoint>[] = [];
  #signed: Checkpoint | undefined;
  #published: Checkpoint | null;
  /** Number of the interval in which strangers were last shown something. */
  #shownInterval: number;
  readonly #intervalMs: number;
  #ticks: NodeJS.Timeout | undefined;
  /** What the end of an interval set off, while it lasts. */
  #showing: Promise<void> | undefined;
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;
  #closed = false;
  #failure: SluiceError | undefined;

  /** @throws ERR_CLOCK when the clock is behind the newest entry. */
  constructor(options: LogOptions, state: WriterState) {
    this.#options = options;
    this.#directory = state.directory;
    this.#journal = state.journal;
    this.#retention = state.retention;
    this.#tiles = state.tiles;
    this.#completeAtMs = [...state.completeAtMs];
    const [first] = state.records;
    this.#batches = first === undefined ? [] : [{ index: first.index, bytes: encodeRecords(state.records) }];
    this.#lastAtMs = state.lastAtMs;
    this.#published = state.published;
    this.#now();
    this.#intervalMs = options.publishIntervalMs ?? DEFAULT_PUBLISH_INTERVAL_MS;
    this.#shownInterval = this.#interval();
    if (this.#intervalMs === 0) return;
    // At every tick, whether or not entries came: the time of a publication tells nothing about them.
    const tick = (): void => void this.publishDue().catch(() => undefined); // a failed write is told to the next caller
    this.#ticks = setInterval(tick, Math.min(this.#intervalMs, MAX_TICK_MS)).unref();
  }

  /** The checkpoint that strangers see now: of the last interval, or the one before while witnesses are asked. */
  async shown(): Promise<Checkpoint | null> {
    const due = this.publishDue().catch(() => undefined); // what was shown stays readable
    if (this.#options.cosign === undefined) await due;
    return this.#published;
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

  /** See `EvidenceLog`. Its files follow at the end of the interval. */
  checkpoint(): Promise<Checkpoint> {
    return this.#intervalMs === 0 ? this.publish() : this.#ask(this.#checkpoints);
  }

  /** As `checkpoint`, and its files are there when it returns, whatever the interval. */
  async publish(): Promise<Checkpoint> {
    const checkpoint = await this.#ask(this.#publications);
    this.#show(checkpoint);
    return checkpoint;
  }

  /** Publishes when an interval has ended since strangers were last shown something, with what witnesses add. */
  async publishDue(): Promise<void> {
    if (this.#showing !== undefined) return this.#showing;
    const interval = this.#interval();
    if (interval === this.#shownInterval || this.#closed) return;
    this.#shownInterval = interval;
    this.#showing = this.#publishCosigned().finally(() => (this.#showing = undefined));
    return this.#showing;
  }

  /** Puts down in the retention index when each full tile was complete. Nothing else may be asked meanwhile. */
  async noteCompletion(): Promise<void> {
    await this.#flushing;
    this.#flush();
    await this.#flushing;
    if (this.#failure !== undefined) throw this.#failure;
    await this.#restartJournal();
  }

  /** Finishes what waits, publishes, and closes the journal. */
  async close(): Promise<void> {
    if (this.#closed) return;
    clearInterval(this.#ticks);
    const last = this.#failure === undefined ? this.publish() : Promise.resolve();
    this.#closed = true;
    this.#closing.abort();
    try {
      await last;
      await this.#showing?.catch(() => undefined);
    } finally {
      await this.#running;
      await this.#flushing;
      await this.#journal.close();
    }
  }

  async #publishCosigned(): Promise<void> {
    const { cosign } = this.#options;
    if (cosign === undefined && this.#published?.size === this.size) return;
    const checkpoint = await this.#ask(this.#publications);
    const consistency = (from: number): Promise<Bytes[]> =>
      consistencyProof(this.#tiles.subtree, from, checkpoint.size);
    const { signal } = this.#closing;
    const text = (await cosign?.(checkpoint, { consistency, signal })) ?? checkpoint.text;
    if (!this.#closed) this.#show({ ...checkpoint, text });
  }

  /** Number of the interval that now lies in. */
  #interval(): number {
    return Math.floor(this.#options.clock.now().getTime() / Math.max(1, this.#intervalMs));
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
      this.#failure ??= this.#writeFailed(cause);
      const waiting = [...this.#appends.splice(0), ...this.#checkpoints.splice(0), ...this.#publications.splice(0)];
      for (const { reject } of waiting) reject(this.#failure);
    } finally {
      this.#running = undefined; // in the same turn in which nothing was left to do
    }
  }

  async #commit(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure; // of what went to the disk beside the journal
    const durable = this.size;
    const batch = this.#appends.slice(0, MAX_BATCH_ENTRIES);
    const bytes = encodeRecords(batch.map(({ entry, atMs }, i) => ({ index: durable + i, durable, atMs, entry })));
    const written = this.#journal.append(bytes);
    written.catch(() => undefined); // awaited below, also when the lines between throw
    this.settle();
    await written;
    this.#appends.splice(0, batch.length);
    this.#durable = batch;
    this.#batches.push({ index: durable, bytes });
    const journaled = this.size - (this.#batches[0]?.index ?? 0);
    for (const [i, { resolve }] of batch.entries()) resolve({ index: durable + i });
    if (this.#flushed !== undefined) await this.#restartJournal();
    else if (journaled > MAX_JOURNAL_ENTRIES && this.#flushing === undefined) this.#flush();
    // The disk takes entries faster than tiles: it has to catch up before the journal grows without bound.
    else if (journaled > MAX_JOURNALS * MAX_JOURNAL_ENTRIES) await this.#flushing;
  }

  /** Entries that are durable. */
  get size(): number {
    return this.#tiles.size + this.#durable.length;
  }

  /** Puts every durable entry into the tree. Whoever looks at the tree asks for this first. */
  settle(): void {
    const entries = this.#durable;
    this.#durable = [];
    for (const { entry, atMs } of entries) {
      this.#tiles.append(entry);
      if (this.#tiles.size % TILE_WIDTH === 0) this.#completeAtMs.push(atMs);
    }
  }

  /** Begins to bring the full tiles to the disk. */
  #flush(): void {
    this.settle();
    const { size } = this.#tiles;
    const { origin, key } = this.#options;
    const header: JournalHeader = {
      origin,
      keyId: key.keyId,
      base: size - (size % TILE_WIDTH),
      atMs: this.#lastAtMs,
      openTiles: this.#tiles.openTiles(),
    };
    const completeAtMs = this.#completeAtMs;
    this.#completeAtMs = [];
    const flush = async (): Promise<void> => {
      try {
        await this.#tiles.flush();
        await this.#retention.append(completeAtMs);
        this.#flushed = header;
      } catch (cause) {
        this.#failure = this.#writeFailed(cause);
      } finally {
        this.#flushing = undefined;
      }
    };
    this.#flushing = flush();
  }

  /** Begins the journal again behind the tiles that are on disk. */
  async #restartJournal(): Promise<void> {
    const header = this.#flushed;
    this.#flushed = undefined;
    if (header === undefined) return;
    this.#batches = this.#batches.flatMap(({ index, bytes }) => {
      const before = Math.max(0, header.base - index) * RECORD_BYTES;
      return before >= bytes.length ? [] : [{ index: Math.max(index, header.base), bytes: bytes.subarray(before) }];
    });
    await this.#journal.restart(
      header,
      this.#batches.map(({ bytes }) => bytes),
    );
  }

  async #answer(): Promise<void> {
    if (this.#publications.length > 0) await this.#flushing;
    if (this.#failure !== undefined) throw this.#failure;
    const checkpoint = await this.#sign();
    // In the turn of the signature: the tiles that are not full are as wide as this checkpoint needs them.
    if (this.#publications.length > 0) {
      this.#tiles.writeFull();
      this.#tiles.writeOpen();
    }
    const waiting = [...this.#checkpoints.splice(0), ...this.#publications.splice(0)];
    for (const { resolve } of waiting) resolve(checkpoint);
  }

  async #sign(): Promise<Checkpoint> {
    this.settle();
    const { size } = this.#tiles;
    if (this.#signed?.size === size) return this.#signed;
    const rootHash = await rootOf(this.#tiles.subtree, size);
    const { origin, key, sm2Key } = this.#options;
    this.#signed = await signCheckpoint(origin, { size, rootHash }, key, sm2Key);
    return this.#signed;
  }

  /** Lets strangers see a checkpoint whose tiles are in files; never an older one, nor one with fewer witnesses. */
  #show(checkpoint: Checkpoint): void {
    const shown = this.#published;
    if (shown !== null && (checkpoint.size < shown.size || checkpoint.text === shown.text)) return;
    if (checkpoint.size === shown?.size && lineCount(checkpoint) < lineCount(shown)) return;
    try {
      replaceFile(join(this.#directory, CHECKPOINT_PATH), utf8(checkpoint.text));
    } catch (cause) {
      this.#failure = this.#writeFailed(cause);
      throw this.#failure;
    }
    this.#published = checkpoint;
  }

  #writeFailed(cause: unknown): SluiceError {
    return new SluiceError("ERR_LOG", { origin: this.#options.origin, reason: "a write failed" }, { cause });
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

/** Lines of a checkpoint: with each witness there is one more. */
function lineCount({ text }: Checkpoint): number {
  return text.split("\n").length;
}

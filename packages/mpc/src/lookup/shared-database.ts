/** A database in memory that threads share, laid out for the kernels: panels of 4,096 rows, in each of them column after
 *  column, so that a scan runs through memory once and in order. Before the panels lies room for the work of each thread.
 *  @module */
import { SluiceError, type Bytes, type LookupParameters } from "@sluice/protocol";
import { createKernelMemory, openKernels, type Kernels } from "../kernel/kernels.ts";
import type { KernelMemory } from "../kernel/web-assembly.ts";

/** A database that can be given to threads; nothing of it is copied. */
export interface SharedDatabase {
  /** Names the content: threads keep the kernels that they opened over it. */
  readonly id: string;
  /** Shared. */
  readonly memory: KernelMemory;
  /** Where the panels begin; what lies before is divided among threads at work. */
  readonly offset: number;
  /** Bytes of the panels. */
  readonly length: number;
}

/** The shape of a database, as its parameters tell it. */
export type DatabaseShape = Pick<LookupParameters, "rowsPerBucket" | "buckets" | "recordBytes">;

/** Most queries that one pass answers. */
export const MAX_BATCH = 4;
/** Rows of a panel: a query's share of it stays in the first cache level. */
const PANEL_ROWS = 4_096;
/** The kernels take eight rows at a time. */
const ROW_STEP = 8;

/** Columns of a database. */
export function columnsOf(shape: DatabaseShape): number {
  return shape.buckets * shape.recordBytes;
}

/** Rows as they are laid out: those at the end are zeros. */
export function paddedRows(shape: DatabaseShape): number {
  return Math.ceil(shape.rowsPerBucket / ROW_STEP) * ROW_STEP;
}

/** The panels: first row, rows, and where they begin after the offset. */
export function panelsOf(shape: DatabaseShape): { first: number; rows: number; at: number }[] {
  const rows = paddedRows(shape);
  return Array.from({ length: Math.ceil(rows / PANEL_ROWS) }, (_, i) => ({
    first: i * PANEL_ROWS,
    rows: Math.min(PANEL_ROWS, rows - i * PANEL_ROWS),
    at: i * PANEL_ROWS * columnsOf(shape),
  }));
}

/** Where the thread with number `slot` works: words of the queries, their halves, and the sums. */
export function workOf(shape: DatabaseShape, slot: number): { words: number; halves: number; sums: number } {
  const words = slot * workBytes(shape);
  const halves = words + paddedRows(shape) * 4 * MAX_BATCH;
  return { words, halves, sums: halves + paddedRows(shape) * 4 * MAX_BATCH };
}

/** Whether `database` is what `shape` says, with room for the work of thread `slot`. It came over a thread's boundary. */
export function fits(database: SharedDatabase, shape: DatabaseShape, slot: number): boolean {
  const { offset, length, memory } = database;
  return (
    length === paddedRows(shape) * columnsOf(shape) &&
    (slot + 1) * workBytes(shape) <= offset &&
    offset + length <= memory.buffer.byteLength
  );
}

/** A multiple of 64. */
function workBytes(shape: DatabaseShape): number {
  return paddedRows(shape) * 8 * MAX_BATCH + Math.ceil(columnsOf(shape) / 4) * 16 * MAX_BATCH;
}

/** Fills a shared database with the rows of one as `buildIndex` returns it, however they arrive. */
export class SharedDatabaseWriter {
  readonly #shape: DatabaseShape;
  readonly #kernels: Kernels;
  readonly #database: SharedDatabase;
  /** Rows wait here to be turned: where threads will work later. */
  readonly #waiting: Uint8Array;
  #waitingBytes = 0;
  #rows = 0;

  private constructor(shape: DatabaseShape, kernels: Kernels, database: SharedDatabase) {
    this.#shape = shape;
    this.#kernels = kernels;
    this.#database = database;
    const rows = Math.floor(database.offset / columnsOf(shape));
    this.#waiting = new Uint8Array(kernels.memory.buffer, 0, Math.min(rows, PANEL_ROWS) * columnsOf(shape));
  }

  /** Null where the engine has no kernels. @param threads that will work on it at a time
   *  @throws ERR_LOOKUP_TABLE when it does not fit into 4 GiB or the machine has no memory for it */
  static create(id: string, shape: DatabaseShape, threads: number): SharedDatabaseWriter | null {
    const offset = threads * workBytes(shape);
    const length = paddedRows(shape) * columnsOf(shape);
    const memory = createKernelMemory(offset + length, { shared: true });
    const kernels = memory === null ? null : openKernels(memory);
    if (memory === null || kernels === null) return null;
    return new SharedDatabaseWriter(shape, kernels, { id, memory, offset, length });
  }

  /** Takes the next bytes. @throws ERR_LOOKUP_TABLE when there are more than the shape says */
  write(bytes: Bytes): void {
    for (let taken = 0; taken < bytes.length;) {
      const part = bytes.subarray(taken, taken + this.#waiting.length - this.#waitingBytes);
      this.#waiting.set(part, this.#waitingBytes);
      this.#waitingBytes += part.length;
      taken += part.length;
      if (this.#waitingBytes === this.#waiting.length) this.#turn();
    }
  }

  /** @throws ERR_LOOKUP_TABLE when bytes are missing */
  finish(): SharedDatabase {
    this.#turn();
    if (this.#waitingBytes > 0 || this.#rows !== this.#shape.rowsPerBucket) throw otherSize();
    return this.#database;
  }

  /** Writes the whole rows that wait into their panels. */
  #turn(): void {
    const columns = columnsOf(this.#shape);
    const rows = Math.floor(this.#waitingBytes / columns);
    if (this.#rows + rows > this.#shape.rowsPerBucket) throw otherSize();
    for (let row = 0; row < rows;) {
      const panel = panelsOf(this.#shape)[Math.floor((this.#rows + row) / PANEL_ROWS)];
      if (panel === undefined) throw otherSize();
      const inPanel = this.#rows + row - panel.first;
      const count = Math.min(rows - row, panel.rows - inPanel);
      const to = this.#database.offset + panel.at + inPanel;
      this.#kernels.columnsOf8(row * columns, columns, count, columns, to, panel.rows);
      row += count;
    }
    this.#rows += rows;
    this.#waiting.copyWithin(0, rows * columns, this.#waitingBytes);
    this.#waitingBytes -= rows * columns;
  }
}

function otherSize(): SluiceError {
  return new SluiceError("ERR_LOOKUP_TABLE", { reason: "the database has another size than its parameters say" });
}

/** One thread's share of a pass: the products of up to four queries with a range of columns of a shared database.
 *
 *  Who learns what: as in `database.ts`. Every byte of the range is read whatever was asked, instructions and addresses do
 *  not depend on queries or bytes; that processors multiply in the same time whatever the numbers is theirs to keep.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { openKernels, type Kernels } from "../kernel/kernels.ts";
import {
  columnsOf,
  fits,
  MAX_BATCH,
  paddedRows,
  panelsOf,
  workOf,
  type DatabaseShape,
  type SharedDatabase,
} from "./shared-database.ts";

/** Columns of one call of a kernel with one or four queries: a few milliseconds, since only a function that is entered
 *  again is replaced by its optimised form. */
const CALL_COLUMNS = 4_096;
/** With two or three queries: what one reads stays in the second cache level for the next. */
const CACHED_COLUMNS = 64;

/** Input of `pir.scan`; the result is one `Uint32Array` for each query, a word for each column of the range. */
export interface ScanTask {
  readonly shape: DatabaseShape;
  readonly database: SharedDatabase;
  /** The room that this task alone uses while it runs: less than the threads that the database was opened for. */
  readonly slot: number;
  /** From the first to before the last. */
  readonly columns: readonly [from: number, to: number];
  /** One to four, each with a word for each row. */
  readonly queries: readonly Uint32Array[];
}

/** Kernels over databases that this thread has seen; let go with the database. */
const opened = new Map<string, WeakRef<Kernels>>();
const MAX_REMEMBERED = 64;

/** Answers a share of a pass. @throws ERR_LOOKUP_QUERY, ERR_LOOKUP_TABLE when its parts contradict one another */
export function scan({ shape, database, slot, columns, queries }: ScanTask): Uint32Array[] {
  const [from, to] = columns;
  const all = columnsOf(shape);
  if (!Number.isInteger(slot) || slot < 0 || !fits(database, shape, slot) || !isRange(from, to, all)) {
    throw new SluiceError("ERR_LOOKUP_TABLE", { reason: "the database has another size than its parameters say" });
  }
  if (queries.length < 1 || queries.length > MAX_BATCH || queries.some((q) => q.length !== shape.rowsPerBucket)) {
    throw new SluiceError("ERR_LOOKUP_QUERY", { reason: `it needs ${shape.rowsPerBucket} words` });
  }
  const kernels = kernelsOf(database);
  const { words, halves, sums } = workOf(shape, slot);
  const rows = paddedRows(shape);
  const { buffer } = kernels.memory;
  const together = queries.length === MAX_BATCH ? MAX_BATCH : 1;
  // Rows that pad the database are zeros, so the words beside them may be anything.
  for (const [i, query] of queries.entries()) new Uint32Array(buffer, words + i * rows * 4, rows).set(query);
  for (let i = 0; i < queries.length; i += together) {
    kernels.halvesOfQueries(words + i * rows * 4, rows * 4, together, rows, halves + i * rows * 4);
  }
  const totals = new Uint32Array(buffer, sums, (to - from) * queries.length);
  totals.fill(0);
  const step = queries.length === 1 || together > 1 ? CALL_COLUMNS : CACHED_COLUMNS;
  for (const panel of panelsOf(shape)) {
    for (let column = from; column < to; column += step) {
      const count = Math.min(step, to - column);
      const data = database.offset + panel.at + column * panel.rows;
      if (together > 1) {
        const query = halves + panel.first * 4 * MAX_BATCH;
        kernels.dot4(data, panel.rows, panel.rows, count, query, sums + (column - from) * 4 * MAX_BATCH);
        continue;
      }
      for (let i = 0; i < queries.length; i++) {
        const out = sums + (i * (to - from) + (column - from)) * 4;
        kernels.dot1(data, panel.rows, panel.rows, count, halves + (i * rows + panel.first) * 4, out);
      }
    }
  }
  return queries.map((_, i) =>
    together > 1
      ? Uint32Array.from({ length: to - from }, (_, c) => totals[c * MAX_BATCH + i] ?? 0)
      : totals.slice(i * (to - from), (i + 1) * (to - from)),
  );
}

function isRange(from: number, to: number, columns: number): boolean {
  return Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from < to && to <= columns;
}

function kernelsOf(database: SharedDatabase): Kernels {
  const known = opened.get(database.id)?.deref();
  if (known !== undefined && known.memory.buffer.byteLength === database.memory.buffer.byteLength) return known;
  const kernels = openKernels(database.memory);
  if (kernels === null) throw new SluiceError("ERR_LOOKUP_TABLE", { reason: "this engine has no kernels" });
  if (opened.size >= MAX_REMEMBERED) opened.clear();
  opened.set(database.id, new WeakRef(kernels));
  return kernels;
}

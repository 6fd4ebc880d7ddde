/** The hint Dᵀ · A modulo 2^32, columns × 1024 words: what a client downloads once per snapshot. Columns are independent of
 *  one another, so that threads may share them; a kernel multiplies 256 of them with 256 rows of A at a time, and their sums stay in
 *  the second cache level for two such steps.
 *  @module */
import { SluiceError, type Bytes } from "@sluice/protocol";
import { pause } from "../cancel.ts";
import { createKernelMemory, openKernels, type Kernels } from "../kernel/kernels.ts";
import { LWE_DIMENSION } from "./lwe.ts";
import type { LweMatrix } from "./matrix.ts";
import { referenceHint } from "./reference-hint.ts";
import { columnsOf, type DatabaseShape } from "./shared-database.ts";

/** Rows of A that are expanded at a time. */
const PANEL_ROWS = 512;
/** Rows of one call: 8 words of each stay in the first cache level. */
const CALL_ROWS = 256;
/** Columns of one call: some milliseconds. */
const CALL_COLUMNS = 256;
/** Sums that are kept in memory at a time: 32 MiB. Each such range expands A anew. */
const RANGE_COLUMNS = 8192;
const ROW_BYTES = LWE_DIMENSION * 4;
/** A column of 16-bit numbers, at a distance that is no power of two. */
const COLUMN_STRIDE = CALL_ROWS * 2 + 16;

/** Where things lie in the memory of a hint. */
const WORDS = 0;
const PANEL = WORDS + PANEL_ROWS * ROW_BYTES;
const COLUMNS = PANEL + PANEL_ROWS * ROW_BYTES;
const SUMS = COLUMNS + CALL_COLUMNS * COLUMN_STRIDE;

/** Rows of the database lie behind the sums of `columns`, and of one column more. */
function rowsAfter(columns: number): number {
  return SUMS + (columns + 1) * ROW_BYTES;
}

/** Bytes of the hint of `database`, little-endian words, column by column. @throws ERR_CANCELLED, ERR_LOOKUP_TABLE */
export async function computeHint(
  shape: DatabaseShape,
  database: Bytes,
  matrix: LweMatrix,
  signal?: AbortSignal,
): Promise<Bytes> {
  return await computeHintColumns({ shape, database, matrix, columns: [0, columnsOf(shape)], signal });
}

/** A range of columns of one hint. */
export interface HintColumns {
  readonly shape: DatabaseShape;
  /** As `buildIndex` lays it out, row after row. */
  readonly database: Bytes;
  readonly matrix: LweMatrix;
  /** From the first to before the last. */
  readonly columns: readonly [from: number, to: number];
  readonly signal?: AbortSignal | undefined;
  /** Told the rows that are done, of all that will be. */
  readonly progress?: (done: number, total: number) => void;
}

/** The bytes of these columns of the hint. @throws ERR_CANCELLED, ERR_LOOKUP_TABLE */
export async function computeHintColumns(work: HintColumns): Promise<Bytes> {
  const { shape, database, columns } = work;
  const [from, to] = columns;
  if (database.length !== shape.rowsPerBucket * columnsOf(shape) || from < 0 || from > to || to > columnsOf(shape)) {
    throw new SluiceError("ERR_LOOKUP_TABLE", { reason: "the database has another size than its parameters say" });
  }
  const most = Math.min(to - from, RANGE_COLUMNS);
  const memory = createKernelMemory(rowsAfter(most) + PANEL_ROWS * most);
  const kernels = memory === null ? null : openKernels(memory);
  if (kernels === null) return await referenceColumns(work);
  const hint = new Uint8Array((to - from) * ROW_BYTES);
  const ranges = Math.ceil((to - from) / RANGE_COLUMNS);
  for (let range = 0; range < ranges; range++) {
    const first = from + range * RANGE_COLUMNS;
    const last = Math.min(first + RANGE_COLUMNS, to);
    const sums = new Uint8Array(kernels.memory.buffer, SUMS, (last - first) * ROW_BYTES);
    if (range > 0) sums.fill(0);
    for (let row = 0; row < shape.rowsPerBucket; row += PANEL_ROWS) {
      await addPanel(kernels, work, row, [first, last]);
      work.progress?.(range * shape.rowsPerBucket + row, ranges * shape.rowsPerBucket);
    }
    hint.set(sums, (first - from) * ROW_BYTES);
  }
  return hint;
}

/** Adds the products with the rows of A from `first` to the sums. */
async function addPanel(
  kernels: Kernels,
  { shape, database, matrix, signal }: HintColumns,
  first: number,
  [from, to]: readonly [number, number],
): Promise<void> {
  const { buffer } = kernels.memory;
  const count = Math.min(PANEL_ROWS, shape.rowsPerBucket - first);
  // A pair of rows at the end may have one row only: the other is zeros in A, whatever bytes stand for it in D.
  new Uint8Array(buffer, WORDS, (count + (count % 2)) * ROW_BYTES).fill(0);
  new Uint32Array(buffer, WORDS, count * LWE_DIMENSION).set(await matrix.rows(first, count));
  for (let row = 0; row < count; row += CALL_ROWS) {
    const start = row * ROW_BYTES;
    kernels.halvesOfPairs(WORDS + start, pairsFrom(row, count), LWE_DIMENSION, PANEL + start);
  }
  const all = columnsOf(shape);
  const part = to - from;
  const rows = rowsAfter(part);
  const copy = new Uint8Array(buffer, rows, count * part);
  for (let row = 0; row < count; row++) {
    const at = (first + row) * all + from;
    copy.set(database.subarray(at, at + part), row * part);
  }
  for (let column = from; column < to; column += CALL_COLUMNS) {
    const width = Math.min(CALL_COLUMNS, to - column);
    const out = SUMS + (column - from) * ROW_BYTES;
    for (let row = 0; row < count; row += CALL_ROWS) {
      const pairs = pairsFrom(row, count);
      const at = rows + row * part + (column - from);
      kernels.columnsOf16(at, part, pairs * 2, width, COLUMNS, COLUMN_STRIDE);
      // The kernel takes two columns at a time; beside a single last one, the sums of another are room that nobody reads.
      const even = width + (width % 2);
      kernels.hint(PANEL + row * ROW_BYTES, pairs, LWE_DIMENSION / 8, COLUMNS, COLUMN_STRIDE, even, out, ROW_BYTES);
    }
  }
  await pause(signal);
}

/** Pairs of rows of the call that begins at `row` of a panel. */
function pairsFrom(row: number, count: number): number {
  return Math.ceil(Math.min(CALL_ROWS, count - row) / 2);
}

async function referenceColumns({ shape, database, matrix, columns, signal }: HintColumns): Promise<Bytes> {
  const whole = await referenceHint(shape, database, matrix, signal);
  return whole.slice(columns[0] * ROW_BYTES, columns[1] * ROW_BYTES);
}

/** What is sent to a child: its preparation, and one job with its columns, or with none when the job reads in batches or
 *  the columns come by a pipe of their own.
 *  @module */
import { SluiceError, utf8, type Bytes, type SealedJob } from "@sluice/protocol";
import { BATCH_ROWS, batchSizes } from "./batches.ts";
import { columnSizes, shapeOf, type TableShape } from "./table-shape.ts";

/** How much of a table goes to a child at once. */
export interface InputLimits {
  /** Columns of a job that reads whole columns, and its code. */
  readonly maxInputBytes: number;
  /** Rows of a batch: a multiple of eight. */
  readonly batchRows: number;
}

/** Those of every run, but in tests. */
export const INPUT_LIMITS: InputLimits = { maxInputBytes: 2 ** 31 - 1, batchRows: BATCH_ROWS };
/** Largest header, its dictionaries among it; as in `child/child.mjs`. */
const MAX_HEADER_BYTES = 64 * 2 ** 20;
/** Batches that may stand in a child's memory; as in `child/child.mjs`. */
const LIVE_BATCHES = 2;

/** A run's input. */
export interface RunInput {
  /** All but the columns, in the order they go into the pipe; `from` is the descriptor on which the child finds the rest. */
  parts(from: number): Bytes[];
  /** Bytes of columns that stand in the child at a time, and of the header. */
  readonly dataBytes: number;
}

// struct { uint32 heapMebibytes; uint32 bootstrapLength; opaque bootstrap[bootstrapLength]; } Preparation;
/** What a child is sent before there is a job for it. */
export function encodePreparation(heapMebibytes: number, bootstrap: Bytes): Bytes[] {
  return [word(heapMebibytes), word(bootstrap.length), bootstrap];
}

// struct { uint32 headerLength; opaque header[headerLength]; uint32 from; opaque bundle[sizes[0]]; } RunInput;
/** The input of a run on a table of `shape`: the job's own, or one that this process does not hold.
 *  @throws ERR_JOB_TABLE_TOO_LARGE when the job reads whole columns and they are more than a child is sent, and for its
 *  dictionaries; ERR_BODY_INVALID when a column does not have `rowCount` values */
export function encodeRunInput(
  job: SealedJob,
  limits: InputLimits = INPUT_LIMITS,
  shape: TableShape = shapeOf(job.table ?? { rowCount: 0, columns: {} }),
): RunInput {
  const { rowCount, columns } = shape;
  const batches = batchSizes(shape, limits.batchRows);
  const inBatches = job.read === "batches";
  const data = inBatches ? [] : columns.flatMap((column) => columnSizes(column, rowCount));
  const header = utf8(
    JSON.stringify({
      entry: job.entry,
      development: job.environment === "development",
      seed: job.seed,
      memoryLimitBytes: job.limits.memoryLimitBytes,
      rowCount,
      columns,
      read: job.read ?? "columns",
      batches,
      model: job.model,
      params: job.params,
      sizes: [job.bundle.length, ...data],
    }),
  );
  refuseAbove(MAX_HEADER_BYTES, header.length);
  const columnBytes = data.reduce((sum, size) => sum + size, 0);
  refuseAbove(limits.maxInputBytes, header.length + job.bundle.length + columnBytes);
  return {
    parts: (from) => [word(header.length), header, word(from), job.bundle],
    dataBytes: header.length + (inBatches ? LIVE_BATCHES * batches.bytes : columnBytes),
  };
}

// How large a table is, is not for whoever wrote the job.
function refuseAbove(maxBytes: number, sizeBytes: number): void {
  if (sizeBytes > maxBytes) throw new SluiceError("ERR_JOB_TABLE_TOO_LARGE", { maxBytes });
}

function word(value: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

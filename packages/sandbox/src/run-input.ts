/** What is sent to a child: its preparation, and one job with its columns, or with none when the job reads in batches.
 *  @module */
import { SluiceError, utf8, type Bytes, type SealedJob } from "@sluice/protocol";
import { BATCH_ROWS, cutIntoBatches, type Batches } from "./batches.ts";

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
  /** In the order they go into the pipe; columns are views, not copies. */
  readonly parts: Bytes[];
  /** Bytes of columns that stand in the child at a time, and of the header. */
  readonly dataBytes: number;
  /** What the child may ask for afterwards. */
  readonly batches?: Batches;
}

// struct { uint32 heapMebibytes; uint32 bootstrapLength; opaque bootstrap[bootstrapLength]; } Preparation;
/** What a child is sent before there is a job for it. */
export function encodePreparation(heapMebibytes: number, bootstrap: Bytes): Bytes[] {
  const head = new DataView(new ArrayBuffer(8));
  head.setUint32(0, heapMebibytes);
  head.setUint32(4, bootstrap.length);
  return [new Uint8Array(head.buffer), bootstrap];
}

// struct { uint32 headerLength; opaque header[headerLength]; opaque parts[sizes[0]]…; } RunInput;
/** The input of a run.
 *  @throws ERR_JOB_TABLE_TOO_LARGE when the job reads whole columns and they are more than a child is sent, and for its
 *  dictionaries; ERR_BODY_INVALID when a column does not have `rowCount` values */
export function encodeRunInput(job: SealedJob, limits: InputLimits = INPUT_LIMITS): RunInput {
  const table = job.table ?? { rowCount: 0, columns: {} };
  const { rowCount } = table;
  const data: Bytes[] = [];
  const columns = Object.entries(table.columns).map(([name, column]) => {
    const { type, values, validity } = column;
    const maskBytes = Math.ceil(rowCount / 8);
    if (values.length !== rowCount || (validity !== undefined && validity.length < maskBytes)) {
      throw new SluiceError("ERR_BODY_INVALID", { pointer: `/table/columns/${name}`, expected: `${rowCount} values` });
    }
    data.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    if (validity !== undefined) data.push(validity.subarray(0, maskBytes));
    const dictionary = column.type === "dict" ? column.dictionary : undefined;
    return { name, type, dictionary, hasValidity: validity !== undefined };
  });
  const batches = cutIntoBatches(table, limits.batchRows);
  const { rows, count, bytes, lastBytes } = batches;
  const inBatches = job.read === "batches";
  const payload = inBatches ? [job.bundle] : [job.bundle, ...data];
  const header = utf8(
    JSON.stringify({
      entry: job.entry,
      development: job.environment === "development",
      seed: job.seed,
      memoryLimitBytes: job.limits.memoryLimitBytes,
      rowCount,
      columns,
      read: job.read ?? "columns",
      batches: { rows, count, bytes, lastBytes },
      model: job.model,
      params: job.params,
      sizes: payload.map((part) => part.length),
    }),
  );
  refuseAbove(MAX_HEADER_BYTES, header.length);
  const headerLength = new Uint8Array(4);
  new DataView(headerLength.buffer).setUint32(0, header.length);
  const parts = [headerLength, header, ...payload];
  refuseAbove(limits.maxInputBytes, lengthOf(parts));
  if (!inBatches) return { parts, dataBytes: lengthOf(data) + header.length };
  return { parts, dataBytes: LIVE_BATCHES * bytes + header.length, batches };
}

// How large a table is, is not for whoever wrote the job.
function refuseAbove(maxBytes: number, sizeBytes: number): void {
  if (sizeBytes > maxBytes) throw new SluiceError("ERR_JOB_TABLE_TOO_LARGE", { maxBytes });
}

function lengthOf(parts: readonly Bytes[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

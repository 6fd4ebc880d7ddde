/** A database cut into partitions of whole buckets, each a smaller database of its own: a worker that holds one adds up its
 *  columns for a query, and the answers side by side are the answer of the whole.
 *
 *  Who learns what: a partition is encrypted records, pseudo-random without the OPRF key, and its shape; it has neither
 *  the seed of the matrix nor that of the filters, which are public, nor a name.
 *  @module */
import { createHash } from "node:crypto";
import { ByteReader, ByteWriter, LookupParameters, SluiceError, type Bytes, type Sha256Hex } from "@sluice/protocol";
import { pause } from "../cancel.ts";
import { checkParameters, ERROR_DEVIATION, LWE_DIMENSION } from "./lwe.ts";

/** Bytes before the database of a partition. */
export const PARTITION_HEADER_BYTES = 16;
const PARTITION_VERSION = 1;
const CHUNK_BYTES = 1_048_576;
const NO_SEED = "0".repeat(64);

/** Buckets `from` up to `to`, without `to`. */
export interface BucketRange {
  readonly from: number;
  readonly to: number;
}

/** A partition by what is sent of it. */
export interface Partition extends BucketRange {
  readonly hash: Sha256Hex;
  readonly sizeBytes: number;
}

/** `count` ranges of almost equal length, or one for each bucket when there are fewer. */
export function cutBuckets(buckets: number, count: number): BucketRange[] {
  const parts = Math.min(buckets, count);
  const start = (i: number): number => Math.floor((i * buckets) / parts);
  return Array.from({ length: parts }, (_, i) => ({ from: start(i), to: start(i + 1) }));
}

/** Where the bytes of a database come from: row by row, each row whole, in pieces of any length. Asked anew each time. */
export type DatabaseRows = () => AsyncIterable<Bytes>;

/** The partition of `range`, hashed. Lets others work meanwhile. @throws ERR_CANCELLED, ERR_LOOKUP_TABLE */
export async function describePartition(
  parameters: LookupParameters,
  rows: DatabaseRows,
  range: BucketRange,
  signal?: AbortSignal,
): Promise<Partition> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  for await (const chunk of partitionChunks(parameters, rows, range, signal)) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { ...range, hash: hash.digest("hex"), sizeBytes };
}

// struct { uint16 version; uint16 recordBytes; uint32 rowsPerBucket; uint32 buckets; uint32 segmentLength;
//          opaque database[rowsPerBucket × buckets × recordBytes]; } Partition;
/** The bytes of a partition, piece by piece. @throws ERR_CANCELLED; ERR_LOOKUP_TABLE when the database has another size */
export async function* partitionChunks(
  { recordBytes, rowsPerBucket, buckets, segmentLength }: LookupParameters,
  rows: DatabaseRows,
  { from, to }: BucketRange,
  signal?: AbortSignal,
): AsyncGenerator<Bytes> {
  yield new ByteWriter()
    .uint(PARTITION_VERSION, 2)
    .uint(recordBytes, 2)
    .uint(rowsPerBucket, 4)
    .uint(to - from, 4)
    .uint(segmentLength, 4)
    .finish();
  const [rowBytes, first, last] = [buckets * recordBytes, from * recordBytes, to * recordBytes];
  let out = new Uint8Array(CHUNK_BYTES);
  let filled = 0;
  let at = 0;
  for await (const piece of rows()) {
    for (let read = 0; read < piece.length;) {
      // The next stretch of this piece that lies in one row: before the range, in it, or after it.
      const inRow = (at + read) % rowBytes;
      const end = inRow < first ? first : inRow < last ? last : rowBytes;
      const isWanted = inRow >= first && inRow < last;
      const length = Math.min(end - inRow, piece.length - read, isWanted ? out.length - filled : Infinity);
      if (isWanted) {
        out.set(piece.subarray(read, read + length), filled);
        filled += length;
      }
      read += length;
      if (filled === out.length) {
        yield out;
        [out, filled] = [new Uint8Array(CHUNK_BYTES), 0];
      }
    }
    at += piece.length;
    await pause(signal);
  }
  if (at !== rowsPerBucket * rowBytes) {
    throw new SluiceError("ERR_LOOKUP_TABLE", { reason: "the database has another size than its parameters say" });
  }
  if (filled > 0) yield out.subarray(0, filled);
}

/** Shape of the partition that begins with `header`, as the parameters of the database in it.
 *  @throws ERR_FRAME_MALFORMED when there is no such database */
export function readPartitionHeader(header: Bytes): LookupParameters {
  const reader = new ByteReader(header);
  if (reader.uint(2) !== PARTITION_VERSION) throw malformed("version", String(PARTITION_VERSION));
  const parsed = LookupParameters.safeParse({
    lweDimension: LWE_DIMENSION,
    errorDeviation: ERROR_DEVIATION,
    recordBytes: reader.uint(2),
    rowsPerBucket: reader.uint(4),
    buckets: reader.uint(4),
    segmentLength: reader.uint(4),
    matrixSeed: NO_SEED,
    filterSeed: NO_SEED,
  });
  reader.end();
  if (!parsed.success) throw malformed("partition", "the shape of a database");
  checkParameters(parsed.data);
  return parsed.data;
}

/** The answer of the whole database from those of its partitions, in their order. */
export function joinAnswers(answers: readonly Uint32Array[]): Uint32Array {
  const joined = new Uint32Array(answers.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const answer of answers) {
    joined.set(answer, at);
    at += answer.length;
  }
  return joined;
}

function malformed(field: string, expected: string): SluiceError {
  return new SluiceError("ERR_FRAME_MALFORMED", { field, expected });
}

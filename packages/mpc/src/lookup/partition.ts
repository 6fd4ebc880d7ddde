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

/** The partition of `range`, hashed. Lets others work meanwhile. @throws ERR_CANCELLED */
export async function describePartition(
  parameters: LookupParameters,
  database: Bytes,
  range: BucketRange,
  signal?: AbortSignal,
): Promise<Partition> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  for await (const chunk of partitionChunks(parameters, database, range, signal)) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { ...range, hash: hash.digest("hex"), sizeBytes };
}

// struct { uint16 version; uint16 recordBytes; uint32 rowsPerBucket; uint32 buckets; uint32 segmentLength;
//          opaque database[rowsPerBucket × buckets × recordBytes]; } Partition;
/** The bytes of a partition, piece by piece. @throws ERR_CANCELLED */
export async function* partitionChunks(
  { recordBytes, rowsPerBucket, buckets, segmentLength }: LookupParameters,
  database: Bytes,
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
  const width = (to - from) * recordBytes;
  const rowsPerChunk = Math.max(1, Math.floor(CHUNK_BYTES / width));
  for (let row = 0; row < rowsPerBucket; row += rowsPerChunk) {
    const rows = Math.min(rowsPerChunk, rowsPerBucket - row);
    const chunk = new Uint8Array(rows * width);
    for (let i = 0; i < rows; i++) {
      const start = ((row + i) * buckets + from) * recordBytes;
      chunk.set(database.subarray(start, start + width), i * width);
    }
    yield chunk;
    await pause(signal);
  }
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

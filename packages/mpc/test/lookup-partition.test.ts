/** A database cut into partitions: joined answers, hashes, shapes. @module */
import { concatBytes, type Bytes, type LookupParameters } from "@sluice/protocol";
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { LookupDatabase } from "../src/lookup/database.ts";
import { ERROR_DEVIATION } from "../src/lookup/lwe.ts";
import {
  cutBuckets,
  describePartition,
  joinAnswers,
  PARTITION_HEADER_BYTES,
  partitionChunks,
  readPartitionHeader,
} from "../src/lookup/partition.ts";
import { seededRandom } from "./seeded-random.ts";

const parameters: LookupParameters = {
  lweDimension: 1024,
  errorDeviation: ERROR_DEVIATION,
  buckets: 7,
  rowsPerBucket: 96,
  segmentLength: 16,
  recordBytes: 33,
  matrixSeed: "aa".repeat(32),
  filterSeed: "bb".repeat(32),
};
const random = seededRandom(5);
const database = random.bytes(parameters.buckets * parameters.rowsPerBucket * parameters.recordBytes);
/** The database in pieces that fit no row. */
async function* rows(): AsyncGenerator<Bytes> {
  for (let at = 0, length = 1; at < database.length; at += length++ * 7) yield database.subarray(at, at + length * 7);
}
const query = new Uint32Array(random.bytes(parameters.rowsPerBucket * 4).slice().buffer);

async function bytesOf(range: { from: number; to: number }): Promise<Bytes> {
  const chunks: Bytes[] = [];
  for await (const chunk of partitionChunks(parameters, rows, range)) chunks.push(chunk);
  return concatBytes(...chunks);
}

test("the answers of the partitions, side by side, are the answer of the whole database", async () => {
  const whole = LookupDatabase.open(parameters, database).answer(query);
  for (const count of [1, 2, 3, 7, 9]) {
    const answers: Uint32Array[] = [];
    for (const range of cutBuckets(parameters.buckets, count)) {
      const bytes = await bytesOf(range);
      const shape = readPartitionHeader(bytes.subarray(0, PARTITION_HEADER_BYTES));
      answers.push(LookupDatabase.open(shape, bytes.slice(PARTITION_HEADER_BYTES)).answer(query));
    }
    expect(joinAnswers(answers)).toEqual(whole);
  }
});

test("ranges follow one another, hold every bucket once and differ by one bucket at most", () => {
  for (const [buckets, count] of [
    [7, 2],
    [1, 5],
    [4_096, 3],
    [5, 5],
  ] as const) {
    const ranges = cutBuckets(buckets, count);
    expect(ranges.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i))).toEqual(
      Array.from({ length: buckets }, (_, i) => i),
    );
    const lengths = ranges.map(({ from, to }) => to - from);
    expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
    expect(ranges).toHaveLength(Math.min(buckets, count));
  }
});

test("a partition is named by the SHA-256 of its bytes, which tell no seed", async () => {
  const range = { from: 2, to: 5 };
  const bytes = await bytesOf(range);
  const hash = createHash("sha256").update(bytes).digest("hex");
  expect(await describePartition(parameters, rows, range)).toEqual({ ...range, hash, sizeBytes: bytes.length });
  expect(readPartitionHeader(bytes.subarray(0, PARTITION_HEADER_BYTES))).toMatchObject({
    buckets: 3,
    rowsPerBucket: 96,
    recordBytes: 33,
    matrixSeed: "00".repeat(32),
    filterSeed: "00".repeat(32),
  });
  const stopped = describePartition(parameters, rows, range, AbortSignal.abort());
  await expect(stopped).rejects.toMatchObject({ code: "ERR_CANCELLED" });
});

test("a header that describes no database is refused", async () => {
  const header = (await bytesOf({ from: 0, to: 1 })).slice(0, PARTITION_HEADER_BYTES);
  const changes: [number, number][] = [
    [1, 2], // version
    [3, 1], // records shorter than their seal
    [4, 0xff], // rows
    [8, 0xff], // buckets
    [15, 3], // segment length
  ];
  for (const [at, value] of changes) {
    const bad = header.slice();
    bad[at] = value;
    expect(() => readPartitionHeader(bad)).toThrow("malformed");
  }
  expect(() => readPartitionHeader(header.subarray(1))).toThrow("malformed");
});

test("a database of another size than its parameters say has no partitions", async () => {
  const short = async function* () {
    yield database.subarray(1);
  };
  const failed = describePartition(parameters, short, { from: 0, to: 2 });
  await expect(failed).rejects.toMatchObject({ code: "ERR_LOOKUP_TABLE" });
});

test("partitions larger than a piece are whole", async () => {
  const large = { ...parameters, rowsPerBucket: 8_192, segmentLength: 1_024 };
  const bytes = random.bytes(large.buckets * large.rowsPerBucket * large.recordBytes);
  const chunks: Bytes[] = [];
  const whole = async function* () {
    yield bytes;
  };
  for await (const chunk of partitionChunks(large, whole, { from: 0, to: large.buckets })) chunks.push(chunk);
  expect(chunks.length).toBeGreaterThan(2);
  expect(Buffer.compare(concatBytes(...chunks).subarray(PARTITION_HEADER_BYTES), bytes)).toBe(0);
});

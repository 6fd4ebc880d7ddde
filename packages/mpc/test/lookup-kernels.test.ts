/** Matrix, hint, answer, filter and shape against plain reference computations. @module */
import { wordsOfBytes, type LookupParameters } from "@sluice/protocol";
import fc from "fast-check";
import { createCipheriv } from "node:crypto";
import { expect, test } from "vitest";
import { LookupDatabase } from "../src/lookup/database.ts";
import { chooseShape, MAX_LOOKUP_ROWS, padRows } from "../src/lookup/geometry.ts";
import { computeHint } from "../src/lookup/hint.ts";
import { checkParameters, decodingFailureLog2, hintBytesOf, LWE_DIMENSION } from "../src/lookup/lwe.ts";
import { LweMatrix } from "../src/lookup/matrix.ts";
import { positionsOf } from "../src/lookup/positions.ts";
import { seededRandom } from "./seeded-random.ts";

const SEED = seededRandom(21).bytes(32);

function parametersOf(rowsPerBucket: number, buckets: number, recordBytes: number): LookupParameters {
  const seed = "00".repeat(32);
  const fixed = {
    lweDimension: 1024,
    errorDeviation: 12.8,
    segmentLength: 1,
    matrixSeed: seed,
    filterSeed: seed,
  } as const;
  return { ...fixed, rowsPerBucket, buckets, recordBytes };
}

/** Row `row` of the matrix straight from node:crypto. */
function referenceRow(row: number): Uint32Array {
  const counter = Buffer.alloc(16);
  counter.writeBigUInt64BE(BigInt(row) * 256n, 8);
  const bytes = createCipheriv("aes-256-ctr", SEED, counter).update(Buffer.alloc(LWE_DIMENSION * 4));
  return Uint32Array.from({ length: LWE_DIMENSION }, (_, j) => bytes.readUInt32LE(j * 4));
}

/** Σ bytes[i] · words[i] modulo 2^32 with bytes centred, by big integers. */
function referenceProduct(bytes: number[], words: number[]): number {
  const sum = bytes.reduce(
    (total, byte, i) => total + BigInt(byte > 127 ? byte - 256 : byte) * BigInt(words[i] ?? 0),
    0n,
  );
  return Number(BigInt.asUintN(32, sum));
}

test("any panel of the matrix is the AES-256-CTR stream at its rows", async () => {
  const matrix = await LweMatrix.open(SEED);
  const panel = await matrix.rows(3, 2);
  expect(panel.subarray(0, LWE_DIMENSION)).toEqual(referenceRow(3));
  expect(panel.subarray(LWE_DIMENSION)).toEqual(referenceRow(4));
  expect(await matrix.rows(70_000, 1)).toEqual(referenceRow(70_000));
});

test.each([1, 7, 8, 131])("the hint of %i rows is the transposed product", async (rows) => {
  const parameters = parametersOf(rows, 2, 17);
  const columns = 34;
  const database = seededRandom(rows).bytes(rows * columns);
  const hint = wordsOfBytes(await computeHint(parameters, database, await LweMatrix.open(SEED)));
  expect(hint).toHaveLength(columns * LWE_DIMENSION);
  const matrix = Array.from({ length: rows }, (_, i) => referenceRow(i));
  for (const [c, j] of [
    [0, 0],
    [33, 1023],
    [17, 512],
    [5, 3],
  ] as const) {
    const bytes = matrix.map((_, i) => database[i * columns + c] ?? 0);
    expect(hint[c * LWE_DIMENSION + j]).toBe(
      referenceProduct(
        bytes,
        matrix.map((row) => row[j] ?? 0),
      ),
    );
  }
});

test("an answer is the transposed product for every number of rows", () => {
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 21 }), fc.integer({ min: 0, max: 1_000 }), (rows, seed) => {
      const columns = 16;
      const database = seededRandom(seed).bytes(rows * columns);
      const query = wordsOfBytes(seededRandom(seed + 1).bytes(rows * 4));
      const answer = LookupDatabase.open(parametersOf(rows, 1, columns), database).answer(query);
      const expected = Array.from({ length: columns }, (_, c) => {
        const bytes = Array.from({ length: rows }, (_, i) => database[i * columns + c] ?? 0);
        return referenceProduct(bytes, [...query]);
      });
      expect([...answer]).toEqual(expected);
    }),
    { numRuns: 30 },
  );
});

test("a query of another length is refused", () => {
  const database = LookupDatabase.open(parametersOf(4, 1, 16), new Uint8Array(64));
  for (const length of [0, 3, 5]) expect(() => database.answer(new Uint32Array(length))).toThrow("it needs 4 words");
});

test("a database of another size than its parameters is refused", () => {
  expect(() => LookupDatabase.open(parametersOf(4, 1, 16), new Uint8Array(63))).toThrow("another size");
});

test("positions are three distinct rows of three segments in a bucket that exists", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.integer({ min: 3, max: 40 }),
      fc.integer({ min: 1, max: 30 }),
      (position, segments, buckets) => {
        const shape = { buckets, segmentLength: 16, rowsPerBucket: segments * 16 };
        const { bucket, rows } = positionsOf(position, SEED, shape);
        expect(bucket).toBeGreaterThanOrEqual(0);
        expect(bucket).toBeLessThan(buckets);
        const [a, b, c] = rows.map((row) => Math.floor(row / 16));
        expect([b, c]).toEqual([(a ?? 0) + 1, (a ?? 0) + 2]);
        expect(Math.max(...rows)).toBeLessThan(segments * 16);
      },
    ),
  );
});

test("a shape depends on the padded number of records only, and decodes", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: MAX_LOOKUP_ROWS }),
      fc.integer({ min: 17, max: 200 }),
      (count, recordBytes) => {
        const shape = chooseShape(count, recordBytes);
        expect(chooseShape(padRows(count), recordBytes)).toEqual(shape);
        expect(padRows(count)).toBeLessThanOrEqual(Math.max(256, count * 1.125));
        expect(shape.buckets * shape.rowsPerBucket).toBeGreaterThan(1.2 * padRows(count));
        checkParameters({ ...parametersOf(1, 1, recordBytes), ...shape });
      },
    ),
  );
});

test("the index of 20,000 short records has a hint below 2 MB and fails to decode with probability below 2^-1000", () => {
  const parameters = { ...chooseShape(20_000, 32), recordBytes: 32 };
  expect(hintBytesOf(parameters)).toBeLessThan(2_000_000);
  expect(decodingFailureLog2(parameters)).toBeLessThan(-1_000);
});

test("the largest index that parameters allow fails to decode with probability below 2^-40", () => {
  expect(decodingFailureLog2({ buckets: 4_096, rowsPerBucket: 65_536, recordBytes: 256 })).toBeLessThan(-40);
});

test.each([
  ["a smaller error", { errorDeviation: 3.2 }],
  ["a segment length that is no power of two", { segmentLength: 3, rowsPerBucket: 9 }],
  ["fewer than three segments", { segmentLength: 64, rowsPerBucket: 128 }],
  ["half a segment", { segmentLength: 64, rowsPerBucket: 224 }],
  ["more rows than decode", { segmentLength: 64, rowsPerBucket: 65_600 }],
  ["more columns than the limit", { buckets: 4_096, recordBytes: 4_096 }],
])("parameters with %s are refused", (_what, change) => {
  const good = { ...parametersOf(256, 2, 32), segmentLength: 64 };
  checkParameters(good);
  expect(() => checkParameters({ ...good, ...change })).toThrow("malformed at parameters");
});

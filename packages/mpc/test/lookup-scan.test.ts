/** Shares of a pass over a shared database, whatever its shape, split and batch, against the plain reference. @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import { openKernels } from "../src/kernel/kernels.ts";
import { computeHint, computeHintColumns } from "../src/lookup/hint.ts";
import { LWE_DIMENSION } from "../src/lookup/lwe.ts";
import { LweMatrix } from "../src/lookup/matrix.ts";
import { referenceDot } from "../src/lookup/reference-dot.ts";
import { referenceHint } from "../src/lookup/reference-hint.ts";
import { scan } from "../src/lookup/scan.ts";
import {
  columnsOf,
  SharedDatabaseWriter,
  type DatabaseShape,
  type SharedDatabase,
} from "../src/lookup/shared-database.ts";
import { seededRandom } from "./seeded-random.ts";

const THREADS = 2;
const EXTREMES = [0, 1, 0x7fff, 0x8000, 0xffff, 0x1_0000, 0x7fff_8000, 0x8000_0000, 0xffff_ffff];

/** Rows around the steps of eight and of a panel. */
const rowsPerBucket = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(4_095, 4_096, 4_097, 8_199));
const shapes = fc.record({
  rowsPerBucket,
  buckets: fc.integer({ min: 1, max: 5 }),
  recordBytes: fc.integer({ min: 1, max: 30 }),
});

/** Random bytes, a third of them extremes of the signed range. */
function bytesOf(shape: DatabaseShape, seed: number): Uint8Array<ArrayBuffer> {
  const bytes = seededRandom(seed).bytes(shape.rowsPerBucket * columnsOf(shape));
  return bytes.map((byte) => (byte % 3 === 0 ? ([0x80, 0x7f, 0xff][byte % 9 ? 1 : 0] ?? byte) : byte));
}

/** Random words, a third of them extremes. */
function queryOf(shape: DatabaseShape, seed: number): Uint32Array {
  const words = new Uint32Array(seededRandom(seed).bytes(shape.rowsPerBucket * 4).buffer);
  return words.map((word) => (word % 3 === 0 ? (EXTREMES[word % EXTREMES.length] ?? word) : word));
}

function share(shape: DatabaseShape, bytes: Uint8Array<ArrayBuffer>, pieces: number): SharedDatabase {
  const writer = SharedDatabaseWriter.create(`test-${Math.random()}`, shape, THREADS);
  if (writer === null) throw new Error("this engine has no kernels");
  const size = Math.ceil(bytes.length / pieces);
  for (let at = 0; at < bytes.length; at += size) writer.write(bytes.subarray(at, at + size));
  return writer.finish();
}

test("every split and batch of a pass answers as the plain reference does", () => {
  const cases = fc.record({
    shape: shapes,
    pieces: fc.integer({ min: 1, max: 9 }),
    batch: fc.integer({ min: 1, max: 4 }),
    cut: fc.double({ min: 0, max: 1, noNaN: true }),
    slots: fc.constantFrom([0, 1], [1, 0]),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(cases, ({ shape, pieces, batch, cut, slots, seed }) => {
      const bytes = bytesOf(shape, seed);
      const database = share(shape, bytes, pieces);
      const queries = Array.from({ length: batch }, (_, i) => queryOf(shape, seed + i + 1));
      const columns = columnsOf(shape);
      const middle = Math.round(cut * columns);
      const ranges = [[0, middle] as const, [middle, columns] as const].filter(([from, to]) => from < to);
      const shares = ranges.map((columns, i) => scan({ shape, database, slot: slots[i] ?? 0, columns, queries }));
      for (const [i, query] of queries.entries()) {
        const words = shares.flatMap((answers) => [...(answers[i] ?? [])]);
        expect(words).toEqual([...referenceDot(new Int8Array(bytes.buffer), columns, query)]);
      }
    }),
    { numRuns: 60 },
  );
});

test("an earlier pass leaves nothing behind in the next", () => {
  const shape = { rowsPerBucket: 13, buckets: 2, recordBytes: 5 };
  const bytes = bytesOf(shape, 4);
  const database = share(shape, bytes, 1);
  const task = { shape, database, slot: 0, columns: [0, 10] as const };
  scan({ ...task, queries: [1, 2, 3, 4].map((seed) => queryOf(shape, seed)) });
  const [again] = scan({ ...task, queries: [queryOf(shape, 9)] });
  expect(again).toEqual(referenceDot(new Int8Array(bytes.buffer), 10, queryOf(shape, 9)));
});

test("a thread writes into its own room only", () => {
  const shape = { rowsPerBucket: 24, buckets: 1, recordBytes: 4 };
  const database = share(shape, bytesOf(shape, 1), 1);
  const room = database.offset / THREADS;
  for (const slot of [0, 1]) {
    const before = new Uint8Array(database.memory.buffer).slice();
    const queries = [1, 2, 3, 4].map((seed) => queryOf(shape, slot * 10 + seed));
    scan({ shape, database, slot, columns: [0, 4], queries });
    const after = new Uint8Array(database.memory.buffer).slice();
    expect(after.subarray(slot * room, (slot + 1) * room)).not.toEqual(before.subarray(slot * room, (slot + 1) * room));
    for (const memory of [before, after]) memory.fill(0, slot * room, (slot + 1) * room);
    expect(after).toEqual(before);
  }
});

test("the memory itself is what the threads get, and no byte of it is copied", () => {
  const shape = { rowsPerBucket: 9, buckets: 1, recordBytes: 3 };
  const database = share(shape, bytesOf(shape, 1), 1);
  const clone = structuredClone(database);
  expect(clone.memory.buffer).toBeInstanceOf(SharedArrayBuffer);
  new Uint8Array(database.memory.buffer)[0] = 77;
  expect(new Uint8Array(clone.memory.buffer)[0]).toBe(77);
  expect(openKernels(clone.memory)).not.toBeNull();
});

test("a task whose parts contradict one another touches no memory", () => {
  const shape = { rowsPerBucket: 16, buckets: 1, recordBytes: 4 };
  const database = share(shape, bytesOf(shape, 1), 1);
  const good = { shape, database, slot: 0, columns: [0, 4] as const, queries: [queryOf(shape, 1)] };
  const table = expect.objectContaining({ code: "ERR_LOOKUP_TABLE" });
  const query = expect.objectContaining({ code: "ERR_LOOKUP_QUERY" });
  const before = new Uint8Array(database.memory.buffer).slice();
  for (const slot of [-1, 0.5, 1e9, Number.NaN]) expect(() => scan({ ...good, slot })).toThrow(table);
  for (const columns of [
    [0, 5],
    [-1, 4],
    [2, 2],
    [0, 0.5],
    [3, 1],
  ] as const) {
    expect(() => scan({ ...good, columns })).toThrow(table);
  }
  for (const change of [{ length: 65 }, { offset: 1e9 }, { offset: 16 }]) {
    expect(() => scan({ ...good, database: { ...database, ...change } })).toThrow(table);
  }
  expect(() => scan({ ...good, shape: { ...shape, rowsPerBucket: 24 } })).toThrow(table);
  expect(() => scan({ ...good, queries: [] })).toThrow(query);
  expect(() => scan({ ...good, queries: [new Uint32Array(15)] })).toThrow(query);
  expect(() => scan({ ...good, queries: Array.from({ length: 5 }, () => queryOf(shape, 1)) })).toThrow(query);
  expect(new Uint8Array(database.memory.buffer)).toEqual(before);
});

test("a database of another size than its shape is refused while it is opened", () => {
  const shape = { rowsPerBucket: 5_000, buckets: 2, recordBytes: 3 };
  const table = expect.objectContaining({ code: "ERR_LOOKUP_TABLE" });
  const bytes = bytesOf(shape, 1);
  expect(() => share(shape, bytes.slice(1), 3)).toThrow(table);
  expect(() => share(shape, bytes.slice(6), 3)).toThrow(table);
  expect(() => share(shape, new Uint8Array(bytes.length + 6), 3)).toThrow(table);
  expect(() => share(shape, new Uint8Array(bytes.length + 1), 3)).toThrow(table);
  expect(() => SharedDatabaseWriter.create("x", { rowsPerBucket: 65_536, buckets: 1_024, recordBytes: 64 }, 1)).toThrow(
    table,
  );
});

test.each([
  [1, 1],
  [255, 3],
  [256, 128],
  [257, 131],
  [513, 257],
])("the hint of %i rows and %i columns is that of the reference, whole and by ranges", async (rows, columns) => {
  const shape = { rowsPerBucket: rows, buckets: 1, recordBytes: columns };
  const database = bytesOf(shape, rows);
  const matrix = await LweMatrix.open(seededRandom(21).bytes(32));
  const expected = Buffer.from(await referenceHint(shape, database, matrix));
  expect(expected.equals(await computeHint(shape, database, matrix))).toBe(true);
  const middle = columns >> 1;
  const parts = [[0, middle] as const, [middle, columns] as const].map((columns) =>
    computeHintColumns({ shape, database, matrix, columns }),
  );
  expect(expected.equals(Buffer.concat(await Promise.all(parts)))).toBe(true);
  expect(expected).toHaveLength(columns * LWE_DIMENSION * 4);
});

test("a hint that is cancelled ends, and one of a database of another size is refused", async () => {
  const shape = { rowsPerBucket: 600, buckets: 1, recordBytes: 2 };
  const matrix = await LweMatrix.open(seededRandom(21).bytes(32));
  const database = bytesOf(shape, 1);
  await expect(computeHint(shape, database, matrix, AbortSignal.abort())).rejects.toMatchObject({
    code: "ERR_CANCELLED",
  });
  await expect(computeHint(shape, database.subarray(1), matrix)).rejects.toMatchObject({ code: "ERR_LOOKUP_TABLE" });
});

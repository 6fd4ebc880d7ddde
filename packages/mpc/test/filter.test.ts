/** The key-value filter of a bucket: order, sums, refusals. @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import { openFilterKernel } from "../src/kernel/filter-kernel.ts";
import { createKernelMemory } from "../src/kernel/kernels.ts";
import { placeRecords } from "../src/lookup/fill.ts";
import { assignBucket, decodeBucket, peelBucket, type PeelScratch } from "../src/lookup/filter.ts";
import { allocateIndex, IndexMemory } from "../src/lookup/index-memory.ts";
import { positionsOf } from "../src/lookup/positions.ts";
import { seededRandom } from "./seeded-random.ts";

/** Beyond what an index of the tests takes. */
const AT = 65_536;
const SHAPE = { buckets: 1, rowsPerBucket: 256, segmentLength: 64 };

function peelScratch(rowCount: number): PeelScratch {
  const words = (): Uint32Array => new Uint32Array(rowCount);
  return { degree: words(), keyXor: words(), queue: words(), order: words() };
}

/** Rows of keys 0 … 2 · count - 1, of which every second is in the bucket. */
function bucketOf(seed: number, count: number): { keys: Uint32Array; rows: Uint32Array } {
  const random = seededRandom(seed);
  const rows = new Uint32Array(count * 6);
  const keys = Uint32Array.from({ length: count }, (_, i) => 2 * i);
  for (const key of keys) rows.set(positionsOf(random.bytes(32), new Uint8Array(32), SHAPE).rows, key * 3);
  return { keys, rows };
}

test("peeling gives every key a row of its own that no key before it in the order reads", () => {
  let peeled = 0;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 1, max: 200 }), (seed, count) => {
      const { keys, rows } = bucketOf(seed, count);
      const before = keys.slice();
      const wanted = new Map([...keys].map((key) => [key, new Set(rows.subarray(key * 3, key * 3 + 3))]));
      if (!peelBucket(keys, rows, 256, peelScratch(256))) {
        expect(keys).toEqual(before);
        return;
      }
      peeled++;
      const set = new Set<number>();
      for (const key of keys.toReversed()) {
        expect(set.has(rows[key * 3] ?? -1)).toBe(false);
        for (const row of rows.subarray(key * 3, key * 3 + 3)) set.add(row);
        expect(new Set(rows.subarray(key * 3, key * 3 + 3))).toEqual(wanted.get(key));
      }
      expect(keys.toSorted()).toEqual(before);
    }),
    { numRuns: 40 },
  );
  expect(peeled).toBeGreaterThan(12);
});

test("after assigning, the three rows of every key sum to its value, and rows of no key keep what they hold", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 1, max: 90 }), (seed, width) => {
      const { keys, rows } = bucketOf(seed, 150);
      if (!peelBucket(keys, rows, 256, peelScratch(256))) return;
      const stride = 2 * width;
      const database = seededRandom(seed + 1).bytes(256 * stride);
      const before = database.slice();
      const at = (key: number, j: number): number => width + (rows[key * 3 + j] ?? 0) * stride;
      const own = new Set([...keys].map((key) => at(key, 0)));
      assignBucket(database, keys, rows, { first: width, stride, width });
      for (const key of keys) {
        for (let b = 0; b < width; b++) {
          const sum = [0, 1, 2].reduce((total, j) => total + (database[at(key, j) + b] ?? 0), 0);
          expect(sum % 256).toBe(before[at(key, 0) + b]);
        }
      }
      for (let slot = 0; slot < 512; slot++) {
        if (own.has(slot * width)) continue;
        expect(database.subarray(slot * width, slot * width + width)).toEqual(
          before.subarray(slot * width, slot * width + width),
        );
      }
    }),
    { numRuns: 10 },
  );
});

test("keys with the same three rows cannot be peeled", () => {
  expect(peelBucket(Uint32Array.of(0, 1), Uint32Array.of(0, 1, 2, 0, 1, 2), 3, peelScratch(3))).toBe(false);
});

test("more keys than rows cannot be peeled", () => {
  const rows = Uint32Array.of(0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2);
  expect(peelBucket(Uint32Array.of(0, 1, 2, 3), rows, 3, peelScratch(3))).toBe(false);
});

test("the kernel gives what plain TypeScript gives, byte for byte, for values of every width to 20, and longer", () => {
  let solved = 0;
  for (const width of [
    ...Array.from({ length: 20 }, (_, i) => i + 1),
    31,
    32,
    33,
    47,
    48,
    79,
    80,
    81,
    96,
    100,
    4_096,
  ]) {
    const count = width > 100 ? 40 : 100 + width;
    const shape = { buckets: 3, rowsPerBucket: 256, segmentLength: 64 };
    const size = { count: count * 3, shape, recordBytes: width };
    const views = [true, false].map((kernel) => {
      const handle = allocateIndex(size, { kernel });
      expect(handle.memory instanceof SharedArrayBuffer).toBe(!kernel);
      const memory = new IndexMemory(handle);
      const random = seededRandom(width);
      for (let key = 0; key < size.count; key++) {
        memory.rows.set(positionsOf(random.bytes(32), new Uint8Array(32), shape).rows, key * 3);
        memory.keys[key] = key;
      }
      memory.database.set(random.bytes(memory.database.length));
      const peeled = memory.peel(count, 2 * count);
      if (peeled) memory.assign(1, count, 2 * count);
      return { peeled, memory };
    });
    const [kernel, plain] = views;
    if (kernel === undefined || plain === undefined) throw new Error("no views");
    expect(kernel.peeled).toBe(plain.peeled);
    if (!plain.peeled) continue;
    solved++;
    expect(kernel.memory.keys).toEqual(plain.memory.keys);
    expect(kernel.memory.rows).toEqual(plain.memory.rows);
    expect(Buffer.compare(kernel.memory.database, plain.memory.database)).toBe(0);
  }
  expect(solved).toBeGreaterThan(25);
});

test("decoding gives the values that were assigned, in the kernel and in plain TypeScript", () => {
  const shape = { ...SHAPE, buckets: 2 };
  const [count, recordBytes] = [150, 21];
  const shared = createKernelMemory(2 * AT, { shared: true });
  const kernel = shared === null ? null : openFilterKernel(shared);
  if (shared === null || kernel === null) throw new Error("no kernel");
  const memory = new IndexMemory({ memory: shared, count, shape, recordBytes });
  const random = seededRandom(8);
  for (let key = 0; key < count; key++) {
    memory.rows.set(positionsOf(random.bytes(32), new Uint8Array(32), shape).rows, key * 3);
    memory.keys[key] = key;
    memory.buckets[key] = 1;
  }
  expect(memory.peel(0, count)).toBe(true);
  const records = random.bytes(count * recordBytes);
  placeRecords(memory, 0, records);
  memory.assign(1, 0, count);
  const expected = new Uint8Array(count * recordBytes);
  for (const [i, key] of memory.keys.entries()) {
    expected.set(records.subarray(key * recordBytes, (key + 1) * recordBytes), i * recordBytes);
  }
  const layout = { first: recordBytes, stride: 2 * recordBytes, width: recordBytes };
  expect(decodeBucket(memory.database, memory.keys, memory.rows, layout)).toEqual(expected);
  const { byteOffset: database } = memory.database;
  const { stride } = layout;
  kernel.decode(AT, database + recordBytes, stride, recordBytes, 0, count, memory.rows.byteOffset);
  expect(new Uint8Array(shared.buffer, AT, expected.length).slice()).toEqual(expected);
});

/** The key-value filter of a bucket: order, sums, refusals. @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import { assignBucket, peelBucket, peelScratch } from "../src/lookup/filter.ts";
import { positionsOf } from "../src/lookup/positions.ts";
import { seededRandom } from "./seeded-random.ts";

const SHAPE = { buckets: 1, rowsPerBucket: 256, segmentLength: 64 };

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
    { numRuns: 60 },
  );
  expect(peeled).toBeGreaterThan(20);
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

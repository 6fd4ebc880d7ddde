/** Filters of sets: every key hits, others hit as rarely as fingerprints allow, and nothing but a padded number shows. @module */
import { decodePsiFilter, sha256Hex, type Bytes } from "@sluice/protocol";
import fc from "fast-check";
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { fitFilter } from "../src/psi/filter/fit-filter.ts";
import { PinnedFilter } from "../src/psi/filter/pinned-filter.ts";
import { FILTER_KEY_BYTES, psiFilterShape, slotsOf } from "../src/psi/filter/shape.ts";
import { seededRandom } from "./seeded-random.ts";

/** `count` keys that look like outputs. */
function keysOf(count: number, label = "key"): Bytes {
  const keys = new Uint8Array(count * FILTER_KEY_BYTES);
  for (let i = 0; i < count; i++) keys.set(createHash("sha256").update(`${label} ${i}`).digest(), i * FILTER_KEY_BYTES);
  return keys;
}

const keyAt = (keys: Bytes, i: number): Bytes => keys.subarray(i * FILTER_KEY_BYTES, (i + 1) * FILTER_KEY_BYTES);

test.each([0, 1, 16, 17, 300, 20_000])("each of %i keys hits, and of 20,000 others none", async (count) => {
  const items = Math.max(16, count + (count % 3));
  const keys = keysOf(count);
  const { table, filter } = await fitFilter({ keys, items }, seededRandom(count));
  const pinned = await PinnedFilter.open(table, filter);
  for (let i = 0; i < count; i++) expect(pinned.has(keyAt(keys, i))).toBe(true);
  const others = keysOf(20_000, "other");
  let hits = 0;
  for (let i = 0; i < 20_000; i++) if (pinned.has(keyAt(others, i))) hits++;
  // 20,000 · 2^-32: one seed in 200,000 would have a hit.
  expect(hits).toBe(0);
});

test("a filter is as large as its number of items says, and has 1.125 slots for each key of a large set", async () => {
  const few = await fitFilter({ keys: keysOf(1), items: 256 }, seededRandom(1));
  const many = await fitFilter({ keys: keysOf(256), items: 256 }, seededRandom(2));
  expect(few.filter).toHaveLength(many.filter.length);
  expect(few.table).toMatchObject({ items: 256, ...psiFilterShape(256) });
  expect(few.table.hash).toBe(await sha256Hex(few.filter));
  const { slots } = psiFilterShape(3_145_728);
  expect(slots / 3_145_728).toBeGreaterThanOrEqual(1.125);
  expect(slots / 3_145_728).toBeLessThan(1.14);
});

test("bytes of slots are uniform, whether keys are few or many: nothing shows where padding is", async () => {
  for (const count of [0, 4_096]) {
    const { filter } = await fitFilter({ keys: keysOf(count), items: 4_096 }, seededRandom(count + 5));
    const { slots } = decodePsiFilter(filter);
    const counts = new Float64Array(256);
    for (const byte of slots) counts[byte] = (counts[byte] ?? 0) + 1;
    const expected = slots.length / 256;
    const chiSquare = counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    // 255 degrees of freedom: above 350 in one of 15,000; the randomness is seeded.
    expect(chiSquare).toBeLessThan(350);
  }
});

test("slots lie in three segments that follow one another, for every digest and shape", () => {
  const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(digest, fc.integer({ min: 16, max: 3_145_728 }), (bytes, items) => {
      const shape = psiFilterShape(items);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const [a, b, c] = slotsOf(view, shape);
      const segments = [a, b, c].map((slot) => Math.floor(slot / shape.segmentLength));
      expect(segments).toEqual([0, 1, 2].map((n) => (segments[0] ?? 0) + n));
      expect(c).toBeLessThan(shape.slots);
      const bound = BigInt(shape.slots - 2 * shape.segmentLength);
      expect(BigInt(a)).toBe((BigInt(view.getUint32(0)) * bound) >> 32n);
    }),
  );
});

test("keys that are equal fit no filter, and a fit stops when it is told to", async () => {
  const one = keysOf(1);
  const twice = new Uint8Array(2 * FILTER_KEY_BYTES);
  twice.set(one);
  twice.set(one, FILTER_KEY_BYTES);
  const fit = (keys: Bytes, signal?: AbortSignal) => fitFilter({ keys, items: 16 }, seededRandom(1), signal);
  await expect(fit(twice)).rejects.toMatchObject({ code: "ERR_LOOKUP_TABLE" });
  await expect(fit(one, AbortSignal.abort())).rejects.toMatchObject({ code: "ERR_CANCELLED" });
});

/** Bins: loads that overflow once in 2^44, and keys that fall in them evenly. @module */
import { expect, test } from "vitest";
import { BIN_ITEMS, binKeys, binLoad, binShape, checkLoads, MAX_BINNED_ITEMS } from "../src/psi/okvs/bins.ts";
import { seededRandom } from "./seeded-random.ts";

/** log2 P(Bin(n, 1 / bins) > load) in exact integers: the sum of C(n, k) (bins - 1)^(n - k), over bins^n. */
function exactTailLog2(n: number, bins: number, load: number): number {
  let term = BigInt(bins - 1) ** BigInt(n);
  let tail = 0n;
  for (let k = 0; k <= n; k++) {
    if (k > load) tail += term;
    term = (term * BigInt(n - k)) / BigInt(k + 1) / BigInt(bins - 1);
  }
  return log2(tail) - n * Math.log2(bins);
}

function log2(value: bigint): number {
  const digits = value.toString(16);
  return Math.log2(Number.parseInt(digits.slice(0, 12), 16)) + 4 * (digits.length - Math.min(12, digits.length));
}

/** An upper bound of log2 P(Bin(n, 1 / bins) > load) after Chernoff and Hoeffding: n times the divergence. */
function chernoffLog2(n: number, bins: number, load: number): number {
  const [a, p] = [(load + 1) / n, 1 / bins];
  return -n * (a * Math.log2(a / p) + (1 - a) * Math.log2((1 - a) / (1 - p)));
}

test("a load overflows with probability 2^-44 at most, and one key less would not do, in exact integers", () => {
  for (const [items, bins] of [
    [1, 2],
    [60, 2],
    [300, 3],
    [2_000, 16],
    [2_500, 160],
  ] as const) {
    const load = binLoad(items, bins);
    const overflow = (most: number): number => exactTailLog2(items, bins, most) + Math.log2(bins);
    expect(load === items || overflow(load) <= -44).toBe(true);
    expect(overflow(load - 1)).toBeGreaterThan(-44);
  }
});

test("bins have 2^16 keys on average at most, and their load eight standard deviations more", () => {
  expect(binShape(0)).toEqual({ bins: 1, load: 0 });
  expect(binShape(1)).toEqual({ bins: 1, load: 1 });
  expect(binShape(BIN_ITEMS)).toEqual({ bins: 1, load: BIN_ITEMS });
  for (const items of [BIN_ITEMS + 1, 2 ** 20, 3_000_000, 2 ** 23, MAX_BINNED_ITEMS]) {
    const { bins, load } = binShape(items);
    const mean = items / bins;
    expect(bins).toBe(Math.ceil(items / BIN_ITEMS));
    expect(load).toBeLessThan(mean + 8.5 * Math.sqrt(mean));
    // The tail is between Chernoff's bound and a hundredth of it.
    expect(chernoffLog2(items, bins, load) + Math.log2(bins)).toBeLessThan(-44 + 8);
    expect(chernoffLog2(items, bins, load - 8) + Math.log2(bins)).toBeGreaterThan(-44);
  }
  for (const items of [-1, 1.5, MAX_BINNED_ITEMS + 1]) expect(() => binShape(items)).toThrow(RangeError);
});

test("every key falls in one bin, the same under the same seed, and bins are even", () => {
  const keys = seededRandom(1).bytes(16 * 30_000);
  const seed = seededRandom(2).bytes(16);
  const { places, starts } = binKeys(7, seed, keys);
  expect([...places].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30_000 }, (_, i) => i));
  expect(binKeys(7, seed, keys)).toEqual({ places, starts });
  expect(
    binKeys(
      7,
      seed.map((byte) => byte ^ 1),
      keys,
    ).places,
  ).not.toEqual(places);
  for (let bin = 0; bin < 7; bin++) {
    const load = (starts[bin + 1] ?? 0) - (starts[bin] ?? 0);
    expect(Math.abs(load - 30_000 / 7)).toBeLessThan(6 * Math.sqrt(30_000 / 7));
    const one = keys.subarray(16 * places.indexOf(starts[bin] ?? 0)).subarray(0, 16);
    expect(binKeys(7, seed, one).starts[bin]).toBe(0);
    expect(binKeys(7, seed, one).starts[bin + 1]).toBe(1);
  }
  expect(binKeys(1, seed, keys).starts).toEqual(Uint32Array.of(0, 30_000));
});

test("a bin with more keys than its load is an error with a code", () => {
  const seed = new Uint8Array(16);
  const binned = binKeys(2, seed, new Uint8Array(16 * 5));
  expect(() => checkLoads(binned, { bins: 2, load: 4 })).toThrow(expect.objectContaining({ code: "ERR_PSI_ENCODING" }));
  checkLoads(binned, { bins: 2, load: 5 });
});

/** How often a store cannot be encoded: the bound for every size, and simulations of stores small enough to fail. @module */
import { SluiceError } from "@sluice/protocol";
import { expect, test } from "vitest";
import { reusedPsiKernel } from "../src/kernel/psi-kernel.ts";
import { binShape, MAX_BINNED_ITEMS } from "../src/psi/okvs/bins.ts";
import { encodeOkvs } from "../src/psi/okvs/encode.ts";
import { MAX_OKVS_ITEMS, okvsShape, type OkvsShape } from "../src/psi/okvs/shape.ts";
import { MAX_CORE_KEYS } from "../src/psi/okvs/solve-core.ts";
import { layOut } from "../src/psi/okvs/regions.ts";
import { encoderSizes } from "../src/psi/okvs/store.ts";
import { cancellingSubsetsLog2 } from "./okvs-bound.ts";
import { seededRandom } from "./seeded-random.ts";

const SLOW = process.env["SLOW"] === "1";

/** Log2 of how often a store of so many keys fails, at most. */
function failureLog2(items: number): number {
  const { sparse, dense } = okvsShape(items);
  return cancellingSubsetsLog2(items, sparse) - dense;
}

/** Of `sets` random sets of `shape.items` keys, how many fail. */
function failures(shape: OkvsShape, sets: number): number {
  const random = seededRandom(shape.dense);
  const { open } = reusedPsiKernel();
  let failed = 0;
  for (let i = 0; i < sets; i++) {
    try {
      const keys = random.bytes(16 * shape.items);
      encodeOkvs({ shape, seed: random.bytes(16), keys, values: keys, valueBytes: 16, random }, open);
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      failed++;
    }
  }
  return failed;
}

test("the bound is 2^-40 for every number of keys that one store may have", () => {
  const sizes = Array.from({ length: 400 }, (_, i) => i + 2);
  for (let items = 500; items < MAX_OKVS_ITEMS; items = Math.ceil(items * 1.6)) sizes.push(items);
  for (const items of [...sizes, MAX_OKVS_ITEMS]) expect(failureLog2(items)).toBeLessThan(-40);
});

test("the bound is 2^-40 for all stores and bins of the largest set together", () => {
  const { bins, load } = binShape(MAX_BINNED_ITEMS);
  // Bins overflow once in 2^44.
  expect(bins * 2 ** failureLog2(load) + 2 ** -44).toBeLessThan(2 ** -40);
});

test("the bound counts what there is: subsets of few keys that cancel, among all triples of few rows", () => {
  // Two keys of four rows share their triple in one of four cases; of three keys, each pair does.
  expect(cancellingSubsetsLog2(2, 4)).toBeCloseTo(-2, 6);
  expect(cancellingSubsetsLog2(3, 4)).toBeCloseTo(Math.log2(3 / 4), 6);
  // Four keys: six pairs, and the four together where triples pair up, (4 + 3 · 4 · 3) / 256.
  expect(cancellingSubsetsLog2(4, 4)).toBeCloseTo(Math.log2(6 / 4 + 40 / 256), 6);
});

/** Failures of small stores with few dense rows, which are frequent, beside what the bound expects. */
function simulate(items: number, sparse: number, dense: number, sets: number): { failed: number; bound: number } {
  const failed = failures({ items, rows: sparse + dense, sparse, dense }, sets);
  return { failed, bound: sets * 2 ** (cancellingSubsetsLog2(items, sparse) - dense) };
}

test.each(
  SLOW
    ? [
        [40, 60, 60_000],
        [300, 384, 20_000],
      ]
    : [[12, 30, 1_500]],
)("failures of %i keys on %i sparse rows halve with each dense row, and keep to the bound", (items, sparse, sets) => {
  for (const dense of SLOW ? [1, 2, 3, 4, 5, 6] : [0, 1, 2]) {
    const { failed, bound } = simulate(items, sparse, dense, sets);
    // Five standard deviations each way; that a set fails at all is a little rarer than its cancelling subsets.
    expect(failed).toBeLessThan(bound + 5 * Math.sqrt(bound));
    expect(failed).toBeGreaterThan(0.75 * bound - 5 * Math.sqrt(bound));
  }
});

test.each(SLOW ? [65_536, 67_600] : [5_000])("a store of %i keys is encoded, time after time", (items) => {
  expect(failures(okvsShape(items), SLOW ? 40 : 3)).toBe(0);
});

/** Of `sets` seeds, the share under which more than a tenth of `items` keys do not peel. */
function unpeeled(items: number, sparse: number, sets: number): number {
  const { at, sizeBytes } = layOut(encoderSizes({ items, rows: sparse, sparse, dense: 0 }, 1));
  const kernel = reusedPsiKernel().open(sizeBytes);
  const random = seededRandom(items);
  kernel.bytes.set(random.bytes(16 * items), at.keys);
  let left = 0;
  for (let i = 0; i < sets; i++) {
    kernel.bytes.set(random.bytes(16), at.seed);
    kernel.hashKeys(at.places, at.seed, at.keys, items, 0);
    kernel.place(at.places, items, sparse, 0);
    if (kernel.peelPlaces(at.order, at.places, items, sparse, at.peel) < 0.9 * items) left++;
  }
  return left / sets;
}

// Whether most keys stay depends on their share of the rows like a normal distribution around a threshold (Dembo and
// Montanari 2008). The smallest sets of more than MAX_CORE_KEYS are the nearest to it.
test.runIf(SLOW)("sets that are too large for elimination lie eight deviations beyond the threshold of peeling", () => {
  const { sparse } = okvsShape(MAX_CORE_KEYS + 1);
  const share = (load: number): number => unpeeled(Math.round(load * sparse), sparse, 1_500);
  // Half of the sets stay at 0.8166, and at 0.807, two deviations of 0.0048 less, a fortieth.
  expect(Math.abs(share(0.8166) - 0.5)).toBeLessThan(0.08);
  expect(share(0.807)).toBeGreaterThan(0.005);
  expect(share(0.807)).toBeLessThan(0.06);
  expect(share(0.802)).toBeLessThan(0.006);
  expect((0.8166 - (MAX_CORE_KEYS + 1) / sparse) / 0.0048).toBeGreaterThan(8);
  expect(share((MAX_CORE_KEYS + 1) / sparse)).toBe(0);
});

/** Sizes of sessions for every pair of sides: how much a caller's rows give it beyond what it declares, and how often a session fails. @module */
import { MAX_PSI_TRANSFER_ITEMS, MIN_PSI_TRANSFER_LIST_ITEMS, padPsiItems, padPsiTransferList } from "@sluice/protocol";
import { expect, test } from "vitest";
import { transferGeometry } from "../src/psi/ot/geometry.ts";
import { cancellingSubsetsLog2 } from "./okvs-bound.ts";

function paddedFrom(least: number): number[] {
  const sizes: number[] = [];
  for (let items = least; items <= MAX_PSI_TRANSFER_ITEMS; items = padPsiItems(items + 1)) sizes.push(items);
  return sizes;
}
const LISTS = paddedFrom(padPsiTransferList(0));
const SETS = [16, 65_536, 1_048_576, MAX_PSI_TRANSFER_ITEMS];

test("a list's rows encode no more than 1.41 entries for each that it is charged, however long the set", () => {
  let most = 0;
  for (const list of LISTS) {
    for (const set of SETS) {
      const { bins, shape } = transferGeometry(list, set);
      most = Math.max(most, (bins * shape.rows) / list);
    }
  }
  expect(most).toBeLessThan(1.41);
  // Rows of the least list: a shorter one would have more for each entry.
  expect(transferGeometry(MIN_PSI_TRANSFER_LIST_ITEMS, 1_048_576)).toMatchObject({ bins: 1, shape: { rows: 1_439 } });
  expect(LISTS[0]).toBe(MIN_PSI_TRANSFER_LIST_ITEMS);
});

test("all stores and the bins of both sides fail less than once in 2^40 times, whatever the two sizes", () => {
  const stores = new Map<number, number>();
  const storeFailure = (keys: number, { sparse, dense }: { sparse: number; dense: number }): number => {
    const known = stores.get(keys) ?? 2 ** (cancellingSubsetsLog2(keys, sparse) - dense);
    stores.set(keys, known);
    return known;
  };
  for (const list of LISTS) {
    for (const set of [16, MAX_PSI_TRANSFER_ITEMS]) {
      const { bins, callerLoad, shape } = transferGeometry(list, set);
      // With several bins, those of either side overflow once in 2^44 times.
      const overflow = bins === 1 ? 0 : 2 * 2 ** -44;
      expect(bins * storeFailure(callerLoad, shape) + overflow).toBeLessThan(2 ** -40);
    }
  }
});

/** Sizes of an oblivious key-value store: a vector of rows over GF(2) such that three sparse rows and a combination of the
 *  dense ones sum to the value of each key ("PaXoS" with a garbled cuckoo table of three positions and dense columns).
 *
 *  Why encoding fails with probability at most 2^-40, for any set that is fixed before the seed: it fails only if some
 *  non-empty subset of the keys has sparse positions that cancel and dense bits that cancel too. Dense bits are
 *  independent of positions, so that the probability is at most 2^-32 times the expected number of subsets whose positions
 *  cancel. That sum is less than 2^-8 at every size, and than 2^-15 at 2^16 keys (test/okvs-failure.test.ts computes it).
 *  docs/okvs.md has the argument at length.
 *  @see https://eprint.iacr.org/2020/193 (PRTY20): such a store under the name PaXoS, and its use
 *  @see https://eprint.iacr.org/2021/883 (GPRTY21) §4.1: three positions
 *  @see https://eprint.iacr.org/2022/320 (RR22) §2, Figure 1: binary dense columns; §3: what peeling leaves
 *  @module */

/** Most keys of one store: those of a bin with its padding fit. */
export const MAX_OKVS_ITEMS = 131_072;
/** Columns of which each key reads a random half: the bits of one word. */
const DENSE_ROWS = 32;
/** Sparse rows to a key. Peeling alone succeeds from 1.222 on in the limit. */
const SPARSE_PER_ITEM = 1.28;
/** Sparse rows beside, so that two keys of a small set rarely share all three positions. */
const SPARSE_MARGIN = 96;

/** Sizes of a store for up to `items` keys. */
export interface OkvsShape {
  readonly items: number;
  /** All rows: the sparse ones, then the dense ones. */
  readonly rows: number;
  readonly sparse: number;
  readonly dense: number;
}

/** The shape for up to `items` keys, 0 … `MAX_OKVS_ITEMS`: depends on nothing else.
 *  @throws RangeError for other numbers. */
export function okvsShape(items: number): OkvsShape {
  if (!Number.isInteger(items) || items < 0 || items > MAX_OKVS_ITEMS) {
    throw new RangeError(`a store has 0 to ${MAX_OKVS_ITEMS} keys`);
  }
  const sparse = Math.ceil(items * SPARSE_PER_ITEM) + SPARSE_MARGIN;
  return { items, rows: sparse + DENSE_ROWS, sparse, dense: DENSE_ROWS };
}

/** Where the rows of a key lie: three distinct sparse rows, each triple as likely as any other, and the bits of its dense ones.
 *  @module */
import type { Bytes } from "@sluice/protocol";
import { HASH_WORDS, hashKeys, KEY_BYTES } from "./siphash.ts";
import type { OkvsShape } from "./shape.ts";

/** Sparse rows of a key. */
export const SPARSE_ARITY = 3;

/** Places of keys, one after another. */
export interface Places {
  readonly count: number;
  /** Three distinct rows for each key, less than `shape.sparse`. */
  readonly sparse: Uint32Array;
  /** Bit j of a key's word: whether it reads row `shape.sparse + j`. */
  readonly dense: Uint32Array;
}

/** The places of `keys`, 16 bytes each, under a seed. */
export function placesOf(shape: OkvsShape, seed: Bytes, keys: Bytes): Places {
  const hashed = hashKeys(seed, keys, "rows");
  const count = keys.length / KEY_BYTES;
  const sparse = new Uint32Array(count * SPARSE_ARITY);
  const dense = new Uint32Array(count);
  const mask = shape.dense === 32 ? 0xffffffff : 2 ** shape.dense - 1;
  for (let i = 0; i < count; i++) {
    const at = i * HASH_WORDS;
    const a = scale(hashed[at] ?? 0, shape.sparse);
    let b = scale(hashed[at + 1] ?? 0, shape.sparse - 1);
    if (b >= a) b++;
    // The third among those that are neither.
    let c = scale(hashed[at + 2] ?? 0, shape.sparse - 2);
    if (c >= Math.min(a, b)) c++;
    if (c >= Math.max(a, b)) c++;
    sparse.set([a, b, c], i * SPARSE_ARITY);
    dense[i] = (hashed[at + 3] ?? 0) & mask;
  }
  return { count, sparse, dense };
}

/** A word as a number below `bound`, at most 2^20: no value is likelier than another by more than `bound` / 2^32. */
export function scale(word: number, bound: number): number {
  return Math.floor((word * bound) / 2 ** 32);
}

/** A key-value filter over Z_256 in one bucket: an order in which every key still has a slot of its own, and slots set so that
 *  the three of a key sum to its value, byte by byte modulo 256. In plain TypeScript, the reference of the kernel of the
 *  same name (packages/mpc/wasm/assembly/filter.ts), which gives equal results.
 *  @see https://arxiv.org/abs/2201.01174 §3
 *  @module */
import type { Bytes } from "@sluice/protocol";
import { ARITY } from "./positions.ts";

/** Memory that peeling needs, for one bucket after another. */
export interface PeelScratch {
  /** Keys at a row that are not peeled. */
  readonly degree: Uint32Array;
  /** XOR of their numbers. */
  readonly keyXor: Uint32Array;
  /** Rows with one key; and the order, before it is copied. */
  readonly queue: Uint32Array;
  readonly order: Uint32Array;
}

/** Peels the keys of one bucket. Key k has the rows `rows[3k] … rows[3k + 2]` of `rowCount`. Orders `keys` so that each, taken
 *  from the last to the first, sets a row that none before it reads, and exchanges its rows so that this one comes first.
 *  False when some cannot be told apart, and then `keys` is as it was. */
export function peelBucket(keys: Uint32Array, rows: Uint32Array, rowCount: number, scratch: PeelScratch): boolean {
  const { degree, keyXor, queue, order } = scratch;
  if (keys.length > rowCount) return false;
  degree.fill(0, 0, rowCount);
  keyXor.fill(0, 0, rowCount);
  for (const key of keys) {
    for (let j = 0; j < ARITY; j++) {
      const row = rows[key * ARITY + j] ?? 0;
      degree[row] = (degree[row] ?? 0) + 1;
      keyXor[row] = (keyXor[row] ?? 0) ^ key;
    }
  }
  let queued = 0;
  for (let row = 0; row < rowCount; row++) if (degree[row] === 1) queue[queued++] = row;
  let peeled = 0;
  while (queued > 0) {
    const row = queue[--queued] ?? 0;
    if (degree[row] !== 1) continue;
    const key = keyXor[row] ?? 0;
    order[peeled++] = key;
    for (let j = 0; j < ARITY; j++) {
      const other = rows[key * ARITY + j] ?? 0;
      keyXor[other] = (keyXor[other] ?? 0) ^ key;
      degree[other] = (degree[other] ?? 0) - 1;
      if (degree[other] === 1) queue[queued++] = other;
      if (other !== row) continue;
      rows[key * ARITY + j] = rows[key * ARITY] ?? 0;
      rows[key * ARITY] = row;
    }
  }
  if (peeled !== keys.length) return false;
  keys.set(order.subarray(0, peeled));
  return true;
}

/** Where the rows of a bucket lie: row r begins at `first + r * stride` and has `width` bytes. */
export interface BucketLayout {
  readonly first: number;
  readonly stride: number;
  readonly width: number;
}

/** Changes each key's first row, which holds its value, so that its three rows sum to that. `keys` as `peelBucket` ordered
 *  them; rows that are no key's own keep what they hold. */
export function assignBucket(database: Bytes, keys: Uint32Array, rows: Uint32Array, layout: BucketLayout): void {
  const { first, stride, width } = layout;
  for (let i = keys.length - 1; i >= 0; i--) {
    const key = (keys[i] ?? 0) * ARITY;
    const own = first + (rows[key] ?? 0) * stride;
    const second = first + (rows[key + 1] ?? 0) * stride;
    const third = first + (rows[key + 2] ?? 0) * stride;
    for (let b = 0; b < width; b++) {
      database[own + b] = (database[own + b] ?? 0) - (database[second + b] ?? 0) - (database[third + b] ?? 0);
    }
  }
}

/** The value of each key, one after another: the sum of its three rows. */
export function decodeBucket(database: Bytes, keys: Uint32Array, rows: Uint32Array, layout: BucketLayout): Bytes {
  const { first, stride, width } = layout;
  const values = new Uint8Array(keys.length * width);
  for (const [i, key] of keys.entries()) {
    for (const row of rows.subarray(key * ARITY, key * ARITY + ARITY)) {
      const at = first + row * stride;
      for (let b = 0; b < width; b++) values[i * width + b] = (values[i * width + b] ?? 0) + (database[at + b] ?? 0);
    }
  }
  return values;
}

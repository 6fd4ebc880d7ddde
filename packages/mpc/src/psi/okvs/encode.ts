/** Encodes keys and values as a store. Values that look random make rows that tell nothing of the keys: every row that
 *  the values leave open is random.
 *  @module */
import { SluiceError, type Bytes, type Random } from "@sluice/protocol";
import { peelOrder } from "../../lookup/filter.ts";
import { solveCore } from "./solve-core.ts";
import { addDense, denseTables } from "./dense-rows.ts";
import { placesOf, SPARSE_ARITY } from "./place.ts";
import type { OkvsShape } from "./shape.ts";
import { KEY_BYTES } from "./siphash.ts";

/** What to encode. */
export interface EncodeInput {
  readonly shape: OkvsShape;
  /** 16 bytes, public, drawn when the keys are fixed. */
  readonly seed: Bytes;
  /** 16 bytes each, distinct, `shape.items` at most. */
  readonly keys: Bytes;
  /** One after another, of equal length. */
  readonly values: Bytes;
  readonly valueBytes: number;
  readonly random: Random;
}

/** `shape.rows` rows of `valueBytes`. There is one attempt: trying another seed would tell the peer of the keys.
 *  @throws ERR_PSI_ENCODING when no rows give these values, with probability 2^-40 at most, or a key appears twice;
 *  RangeError when a length does not fit. */
export function encodeOkvs({ shape, seed, keys, values, valueBytes, random }: EncodeInput): Bytes {
  const count = keys.length / KEY_BYTES;
  if (count > shape.items) throw new RangeError(`the store is for ${shape.items} keys`);
  if (values.length !== count * valueBytes) throw new RangeError(`a value has ${valueBytes} bytes`);
  const places = placesOf(shape, seed, keys);
  const rows = random.bytes(shape.rows * valueBytes);
  const { order, core } = peel(places.sparse, count, shape.sparse);
  if (!solveCore({ shape, places, keys: core, values, rows, valueBytes }))
    throw new SluiceError("ERR_PSI_ENCODING", {});
  const tables = denseTables(rows, shape.sparse * valueBytes, shape.dense, valueBytes);
  for (const key of order.toReversed()) {
    const own = (places.sparse[key * SPARSE_ARITY] ?? 0) * valueBytes;
    const second = (places.sparse[key * SPARSE_ARITY + 1] ?? 0) * valueBytes;
    const third = (places.sparse[key * SPARSE_ARITY + 2] ?? 0) * valueBytes;
    const value = key * valueBytes;
    for (let b = 0; b < valueBytes; b++) {
      rows[own + b] = (values[value + b] ?? 0) ^ (rows[second + b] ?? 0) ^ (rows[third + b] ?? 0);
    }
    addDense(rows, own, tables, places.dense[key] ?? 0, valueBytes);
  }
  return rows;
}

/** The keys that peel, each with a row of its own first in `sparse`, and the others. */
function peel(sparse: Uint32Array, count: number, rowCount: number): { order: Uint32Array; core: Uint32Array } {
  const rowWords = (): Uint32Array => new Uint32Array(rowCount);
  const scratch = { degree: rowWords(), keyXor: rowWords(), queue: rowWords(), order: rowWords() };
  const keys = Uint32Array.from({ length: count }, (_, i) => i);
  const order = scratch.order.subarray(0, peelOrder(keys, sparse, rowCount, scratch));
  const peeled = new Set(order);
  return { order, core: keys.filter((key) => !peeled.has(key)) };
}

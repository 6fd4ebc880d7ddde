/** Reads a store, with or without the values that were encoded in it: linear over GF(2) in the rows.
 *  @module */
import type { Bytes } from "@sluice/protocol";
import { addDense, denseTables } from "./dense-rows.ts";
import { placesOf, SPARSE_ARITY } from "./place.ts";
import type { OkvsShape } from "./shape.ts";

/** A store, and keys to read it at. */
export interface DecodeInput {
  readonly shape: OkvsShape;
  /** 16 bytes, public. */
  readonly seed: Bytes;
  /** `shape.rows` rows of `rowBytes`. */
  readonly rows: Bytes;
  readonly rowBytes: number;
  /** 16 bytes each, as many as wanted. */
  readonly keys: Bytes;
}

/** The values of `keys`, `rowBytes` each.
 *  @throws RangeError when a length does not fit. */
export function decodeOkvs({ shape, seed, rows, rowBytes, keys }: DecodeInput): Bytes {
  if (rows.length !== shape.rows * rowBytes) throw new RangeError(`a store has ${shape.rows} rows`);
  const places = placesOf(shape, seed, keys);
  const tables = denseTables(rows, shape.sparse * rowBytes, shape.dense, rowBytes);
  const values = new Uint8Array(places.count * rowBytes);
  for (let i = 0; i < places.count; i++) {
    const at = i * rowBytes;
    addDense(values, at, tables, places.dense[i] ?? 0, rowBytes);
    for (let j = 0; j < SPARSE_ARITY; j++) {
      const from = (places.sparse[i * SPARSE_ARITY + j] ?? 0) * rowBytes;
      for (let b = 0; b < rowBytes; b++) values[at + b] = (values[at + b] ?? 0) ^ (rows[from + b] ?? 0);
    }
  }
  return values;
}

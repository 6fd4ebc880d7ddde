/** Reads a store, at keys that were encoded in it or others: linear over GF(2) in the rows.
 *  @module */
import type { Bytes } from "@sluice/protocol";
import { openPsiKernel } from "../../kernel/psi-kernel.ts";
import { layOut } from "./regions.ts";
import type { OkvsShape } from "./shape.ts";
import { KEY_BYTES, readStore, SEED_BYTES, storeSizes, writeTables } from "./store.ts";

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
export function decodeOkvs({ shape, seed, rows, rowBytes, keys }: DecodeInput, open = openPsiKernel): Bytes {
  const count = keys.length / KEY_BYTES;
  if (seed.length !== SEED_BYTES) throw new RangeError(`a seed has ${SEED_BYTES} bytes`);
  if (!Number.isInteger(count)) throw new RangeError(`a key has ${KEY_BYTES} bytes`);
  if (rows.length !== shape.rows * rowBytes) throw new RangeError(`a store has ${shape.rows} rows`);
  const { at, sizeBytes } = layOut({ ...storeSizes(shape, count, rowBytes), values: count * rowBytes });
  const kernel = open(sizeBytes);
  kernel.bytes.set(seed, at.seed);
  kernel.bytes.set(keys, at.keys);
  kernel.bytes.set(rows, at.rows);
  writeTables(kernel, shape, at, rowBytes);
  readStore(kernel, shape, at, { count, rowBytes, out: at.values, stride: rowBytes });
  return kernel.bytes.slice(at.values, at.values + count * rowBytes);
}

/** A store in the memory of a kernel: where its parts lie, and encoding and decoding there. Values do not leave the memory,
 *  so that what comes before and after works on them in place.
 *  @module */
import { SluiceError, type Random } from "@sluice/protocol";
import type { PsiKernel } from "../../kernel/psi-kernel.ts";
import { PURPOSE } from "../../kernel/siphash.ts";
import type { OkvsShape } from "./shape.ts";
import { solveCore } from "./solve-core.ts";

/** Bytes of a seed. */
export const SEED_BYTES = 16;
/** Bytes of a key. */
export const KEY_BYTES = 16;
/** Bytes of a place: three rows and a dense word. */
export const PLACE_BYTES = 16;
/** Dense rows are read by eights. */
const DENSE_TABLES = 4;
const ORDER_BYTES = 8;
const PEEL_BYTES = 12;

/** Where the parts of a store lie. */
export interface StoreAt {
  readonly seed: number;
  /** Keys of 16 bytes. */
  readonly keys: number;
  readonly rows: number;
  /** Scratch, as `storeSizes` gives it. */
  readonly places: number;
  readonly tables: number;
}

/** Where an encoder has its parts. */
export interface EncoderAt extends StoreAt {
  readonly values: number;
  readonly order: number;
  readonly peel: number;
}

/** Sizes of the regions of a store for reading `count` keys. */
export function storeSizes(shape: OkvsShape, count: number, rowBytes: number): Record<keyof StoreAt, number> {
  return {
    seed: SEED_BYTES,
    keys: count * KEY_BYTES,
    rows: shape.rows * rowBytes,
    places: count * PLACE_BYTES,
    tables: DENSE_TABLES * 256 * rowBytes,
  };
}

/** Sizes of the regions of an encoder. */
export function encoderSizes(shape: OkvsShape, valueBytes: number): Record<keyof EncoderAt, number> {
  return {
    ...storeSizes(shape, shape.items, valueBytes),
    values: shape.items * valueBytes,
    order: shape.items * ORDER_BYTES,
    peel: shape.sparse * PEEL_BYTES,
  };
}

/** Encodes the `count` keys and values at their places as rows; every row that they leave open is random. There is one
 *  attempt: trying another seed would tell the peer of the keys.
 *  @throws ERR_PSI_ENCODING when no rows give these values, with probability 2^-40 at most, or a key appears twice. */
export function encodeStore(
  kernel: PsiKernel,
  shape: OkvsShape,
  at: EncoderAt,
  { count, valueBytes, random }: { count: number; valueBytes: number; random: Random },
): void {
  kernel.bytes.set(random.bytes(shape.rows * valueBytes), at.rows);
  placeKeys(kernel, shape, at, count);
  const peeled = kernel.peelPlaces(at.order, at.places, count, shape.sparse, at.peel);
  if (peeled < count) {
    const keys = coreKeys(new Uint32Array(kernel.bytes.buffer, at.order, 2 * peeled), count);
    const solved = solveCore({ kernel, shape, keys, at, valueBytes });
    if (!solved) throw new SluiceError("ERR_PSI_ENCODING", {});
  }
  writeTables(kernel, shape, at, valueBytes);
  kernel.assign(at.rows, valueBytes, at.tables, at.places, at.values, at.order, peeled);
}

/** Reads the rows at `count` keys, to `out`, `stride` bytes apart, once the tables are written. */
export function readStore(
  kernel: PsiKernel,
  shape: OkvsShape,
  at: StoreAt,
  { count, rowBytes, out, stride }: { count: number; rowBytes: number; out: number; stride: number },
): void {
  placeKeys(kernel, shape, at, count);
  kernel.decode(out, stride, at.rows, rowBytes, at.tables, at.places, count);
}

function placeKeys(kernel: PsiKernel, shape: OkvsShape, at: StoreAt, count: number): void {
  kernel.hashKeys(at.places, at.seed, at.keys, count, PURPOSE.rows);
  kernel.place(at.places, count, shape.sparse, shape.dense === 32 ? -1 : 2 ** shape.dense - 1);
}

/** Writes the tables of the dense rows. Fewer of them than 32, as simulations have, leave bits of the word empty, and entries of tables unread. */
export function writeTables(
  kernel: PsiKernel,
  shape: OkvsShape,
  at: Pick<StoreAt, "rows" | "tables">,
  rowBytes: number,
): void {
  const groups = Math.ceil(shape.dense / 8);
  const tableBytes = 256 * rowBytes;
  kernel.denseTables(at.tables, at.rows + shape.sparse * rowBytes, rowBytes, groups);
  for (let group = groups; group < DENSE_TABLES; group++) {
    kernel.bytes.fill(0, at.tables + group * tableBytes, at.tables + group * tableBytes + rowBytes);
  }
}

/** The keys that are in no pair of `order`. */
function coreKeys(order: Uint32Array, count: number): Uint32Array {
  const peeled = new Uint8Array(count);
  for (let i = 0; i < order.length; i += 2) peeled[order[i] ?? 0] = 1;
  return Uint32Array.from({ length: count }, (_, i) => i).filter((key) => peeled[key] === 0);
}

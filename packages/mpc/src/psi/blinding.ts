/** Group operations of the receiver, with noble: hashing entries to ristretto255, blinding, unblinding. Long lists give
 *  way between batches, so that a page stays alive and a signal is seen.
 *
 *  Scalars are bigints: JavaScript neither computes with them in constant time nor can wipe them.
 *  @module */
import { ristretto255, ristretto255_hasher } from "@noble/curves/ed25519.js";
import { bytesToNumberLE } from "@noble/curves/utils.js";
import { concatBytes, ELEMENT_BYTES, SluiceError, utf8, type Bytes, type Random } from "@sluice/protocol";

const { Point } = ristretto255;
const { Fn } = Point;
/** Bytes that reduce to a scalar, or map to an element, without noticeable bias. */
const UNIFORM_BYTES = 64;
/** Items between two looks at the signal: some 20 ms. */
const BATCH_ITEMS = 16;

/** A secret scalar other than zero. */
export type Scalar = bigint;

/** A fresh scalar: 64 random bytes reduced, so the bias is below 2^-250. */
export function randomScalar(random: Random): Scalar {
  for (;;) {
    const wide = random.bytes(UNIFORM_BYTES);
    const scalar = Fn.create(bytesToNumberLE(wide));
    wide.fill(0);
    if (scalar !== Fn.ZERO) return scalar;
  }
}

/** The inverses, in order, at the price of one inversion. */
export function invertAll(scalars: readonly Scalar[]): Scalar[] {
  return Fn.invertBatch([...scalars]);
}

/** `scalar · H(entry)`, where H hashes to the group under the context (RFC 9497 §4.1).
 *  @throws ERR_OPRF_INPUT when the entry hashes to the identity, which no one can bring about. */
export function blindEntry(entry: Bytes, scalar: Scalar, context: Bytes): Bytes {
  const point = ristretto255_hasher.hashToCurve(entry, { DST: concatBytes(utf8("HashToGroup-"), context) });
  if (point.is0()) throw new SluiceError("ERR_OPRF_INPUT", { reason: "it does not map to a group element" });
  return point.multiply(scalar).toBytes();
}

/** A uniform element that nobody knows a preimage of: padding looks like a blinded entry. */
export function randomElement(random: Random): Bytes {
  for (;;) {
    const point = ristretto255_hasher.deriveToCurve?.(random.bytes(UNIFORM_BYTES));
    if (point !== undefined && !point.is0()) return point.toBytes();
  }
}

/** `scalar · element` for the element at `index` of `elements`; without a scalar the element is only checked.
 *  @throws ERR_OPRF_ELEMENT when it is not canonical or is the identity. */
export function unblindAt(elements: Bytes, index: number, scalar: Scalar | undefined): Bytes {
  const bytes = elements.subarray(index * ELEMENT_BYTES, (index + 1) * ELEMENT_BYTES);
  const point = decode(bytes);
  if (point === null || point.is0()) throw new SluiceError("ERR_OPRF_ELEMENT", { index });
  return scalar === undefined ? bytes : point.multiply(scalar).toBytes();
}

/** How far one pass over a list is. */
export interface PsiProgress {
  readonly done: number;
  readonly total: number;
}

/** What a pass over a list heeds. */
export interface PsiPassOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told once in a batch, and at the end. It is about padded elements: how many are matches does not show. */
  readonly onProgress?: ((progress: PsiProgress) => void) | undefined;
}

/** Visits each index below `total` in order, and gives way once in a batch.
 *  @param batchItems Indexes between two looks at the signal
 *  @throws ERR_CANCELLED when the signal is aborted, and what `visit` throws. */
export async function eachInBatches(
  total: number,
  { signal, onProgress }: PsiPassOptions,
  visit: (index: number) => void,
  batchItems: number = BATCH_ITEMS,
): Promise<void> {
  for (let index = 0; index < total; index++) {
    if (index % batchItems === 0) {
      onProgress?.({ done: index, total });
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (signal?.aborted === true) throw new SluiceError("ERR_CANCELLED");
    }
    visit(index);
  }
  onProgress?.({ done: total, total });
}

function decode(bytes: Bytes) {
  try {
    return Point.fromBytes(bytes);
  } catch {
    return null;
  }
}

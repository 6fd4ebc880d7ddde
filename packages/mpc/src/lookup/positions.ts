/** Bucket and three filter slots of a key: positions of a 3-wise binary fuse filter (Graf and Lemire, 2022) in the
 *  bucket that the same hash names. The positions are pseudo-random to whoever has not evaluated the key.
 *  @see https://arxiv.org/abs/2201.01174
 *  @module */
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, type Bytes, type LookupParameters } from "@sluice/protocol";

/** Slots per key. */
export const ARITY = 3;

/** The part of the parameters that positions depend on. */
export type FilterShape = Pick<LookupParameters, "buckets" | "rowsPerBucket" | "segmentLength">;

/** Bucket and its three distinct rows. */
export type Positions = { bucket: number; rows: readonly [number, number, number] };

/** Positions of the key with this position seed. @param filterSeed public seed of the index. */
export function positionsOf(position: Bytes, filterSeed: Bytes, shape: FilterShape): Positions {
  return placeOf(sha256(concatBytes(filterSeed, position)), shape);
}

/** Positions that follow from the SHA-256 of filter seed and position seed. */
export function placeOf(digest: Bytes, shape: FilterShape): Positions {
  const view = new DataView(digest.buffer, digest.byteOffset, digest.byteLength);
  const { segmentLength } = shape;
  const mask = segmentLength - 1;
  const first = scale(view.getUint32(4), shape.rowsPerBucket - (ARITY - 1) * segmentLength);
  // XOR of the low bits moves a row inside its own segment, so the three rows lie in three segments.
  return {
    bucket: scale(view.getUint32(0), shape.buckets),
    rows: [
      first,
      (first + segmentLength) ^ (view.getUint32(8) & mask),
      (first + 2 * segmentLength) ^ (view.getUint32(12) & mask),
    ],
  };
}

/** Maps 32 uniform bits to 0 … bound - 1 without division. */
function scale(word: number, bound: number): number {
  return Math.floor((word * bound) / 2 ** 32);
}

/** Where an output of the OPRF lies in a filter of a set: three slots of a 3-wise binary fuse filter, which sum to its fingerprint.
 *  @see https://arxiv.org/abs/2201.01174
 *  @module */
import { PSI_SLOT_BYTES, type Bytes, type PsiFilterTable } from "@sluice/protocol";

/** Bytes of an OPRF output that a filter takes. */
export const FILTER_KEY_BYTES = 32;
/** Bytes of the seed of a filter. */
export const FILTER_SEED_BYTES = 32;

/** Graf and Lemire (2022), §4, arity 3. */
const SEGMENT_EXPONENT = 2.25;
const MAX_SEGMENT_LENGTH = 2 ** 18;
const ARITY = 3;

/** The part of a table that positions depend on. */
export type PsiFilterShape = Pick<PsiFilterTable, "slots" | "segmentLength">;

/** The shape for `items` keys, 16 at least. It follows from their padded number alone. */
export function psiFilterShape(items: number): PsiFilterShape {
  const exponent = Math.floor(Math.log(items) / Math.log(3.33) + SEGMENT_EXPONENT);
  const segmentLength = Math.min(2 ** exponent, MAX_SEGMENT_LENGTH);
  const factor = Math.max(1.125, 0.875 + (0.25 * Math.log(1_000_000)) / Math.log(items));
  const segments = Math.max(ARITY, Math.ceil((items * factor) / segmentLength));
  return { slots: segments * segmentLength, segmentLength };
}

/** Three slots in three segments. @param digest SHA-256 of seed and key */
export function slotsOf(digest: DataView, { slots, segmentLength }: PsiFilterShape): [number, number, number] {
  const mask = segmentLength - 1;
  const first = scale(digest.getUint32(0), slots - (ARITY - 1) * segmentLength);
  return [
    first,
    (first + segmentLength) ^ (digest.getUint32(4) & mask),
    (first + 2 * segmentLength) ^ (digest.getUint32(8) & mask),
  ];
}

/** The bytes that the three slots of a key sum to, each modulo 256. */
export function fingerprintOf(digest: Bytes): Bytes {
  return digest.subarray(12, 12 + PSI_SLOT_BYTES);
}

/** ⌊word · bound / 2^32⌋, exactly, for a bound below 2^32: products of doubles would round. */
function scale(word: number, bound: number): number {
  const low = Math.floor(((word & 0xffff) * bound) / 2 ** 16);
  return Math.floor(((word >>> 16) * bound + low) / 2 ** 16);
}

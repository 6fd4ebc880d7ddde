/** How whole numbers are carried modulo the plain modulus: one of 2^30 at most as it is, a larger one in two balanced digits to
 *  base 2^31, each in ciphertexts of its own. No sum of 2^20 digits reaches half of the modulus, so sums come back exactly. All parts
 *  have one modulus, where residues modulo several primes would need a parameter set for each.
 *  @module */

import { SUM_PART_BASE, sumPartBounds } from "@sluice/protocol";

/** Bits of a digit. */
const DIGIT_BITS = 31;
const BASE = SUM_PART_BASE;
const HALF = BASE / 2;
/** Largest noise of a part; sums of digits take no more than 2^50 of the 2^51 on each side of zero. */
const MAX_PART_NOISE = 2n ** 49n;

/** Ciphertexts for one block of values up to `bound`. */
export function limbsFor(bound: number): number {
  return sumPartBounds(bound).length;
}

/** Part `limb` of a whole number of `limbs` parts; the last takes what is left. */
export function digitOf(value: number, limb: number, limbs: number): number {
  if (limbs === 1) return value;
  // Exact: both are whole numbers of at most 53 bits.
  const high = Math.floor((value + HALF) / BASE);
  const carried = value - high * BASE < -HALF ? high - 1 : high;
  return limb === 0 ? value - carried * BASE : carried;
}

/** Noise of each part. The caller opens every part, so each has noise of its own; a draw for the whole sum, cut into digits, would leave
 *  the lower part without any. @throws RangeError when there is not one for each part, or one does not fit: its scale is out of proportion */
export function noiseOfParts(noise: readonly bigint[], limbs: number): readonly bigint[] {
  if (noise.length !== limbs) throw new RangeError(`noise for ${limbs} parts is needed`);
  if (noise.some((part) => part > MAX_PART_NOISE || part < -MAX_PART_NOISE)) {
    throw new RangeError("the noise does not fit beside the sum");
  }
  return noise;
}

/** The number whose parts these residues modulo `modulus` are. */
export function combineLimbs(residues: readonly bigint[], modulus: bigint): bigint {
  return residues.reduce((sum, residue, limb) => sum + (centred(residue, modulus) << BigInt(limb * DIGIT_BITS)), 0n);
}

/** The residue between minus and plus half of the modulus. */
function centred(residue: bigint, modulus: bigint): bigint {
  const least = modulo(residue, modulus);
  return least > modulus / 2n ? least - modulus : least;
}

/** The least residue that is not negative. */
export function modulo(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

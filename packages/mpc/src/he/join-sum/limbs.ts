/** How whole numbers are carried modulo the plain modulus: one of 2^30 at most as it is, a larger one in two balanced digits to
 *  base 2^31, each in ciphertexts of its own. No sum of 2^20 digits reaches half of the modulus, so sums come back exactly. All parts
 *  have one modulus, where residues modulo several primes would need a parameter set for each.
 *  @module */

/** Bits of a digit. */
const DIGIT_BITS = 31;
const BASE = 2 ** DIGIT_BITS;
const HALF = BASE / 2;
/** Largest noise of the topmost part; sums of digits take no more than 2^50 of the 2^51 on each side of zero. */
const MAX_TOP_NOISE = 2n ** 49n;

/** Ciphertexts for one block of values up to `bound`. */
export function limbsFor(bound: number): number {
  return bound <= HALF ? 1 : 2;
}

/** Part `limb` of a whole number of `limbs` parts; the last takes what is left. */
export function digitOf(value: number, limb: number, limbs: number): number {
  if (limbs === 1) return value;
  // Exact: both are whole numbers of at most 53 bits.
  const high = Math.floor((value + HALF) / BASE);
  const carried = value - high * BASE < -HALF ? high - 1 : high;
  return limb === 0 ? value - carried * BASE : carried;
}

/** Noise in as many parts. @throws RangeError when it does not fit: its scale is out of proportion to the bound */
export function noiseDigits(noise: bigint, limbs: number): bigint[] {
  const low = BigInt.asIntN(DIGIT_BITS, noise);
  const digits = limbs === 1 ? [noise] : [low, (noise - low) >> BigInt(DIGIT_BITS)];
  const top = digits.at(-1) ?? 0n;
  if (top > MAX_TOP_NOISE || top < -MAX_TOP_NOISE) throw new RangeError("the noise does not fit beside the sum");
  return digits;
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

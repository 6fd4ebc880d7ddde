/** Parameter sets of homomorphic encryption: a closed list. A protocol names one of them; what a peer sends never chooses
 *  one, and nothing is loaded under other parameters. Each has at least 128 bits of security by the homomorphic encryption
 *  standard, which counts all primes together: the test asks SEAL for its table.
 *  @module */

/** What SEAL needs to open a context. */
export interface HeParameterSet {
  readonly scheme: "ckks" | "bfv";
  /** Dimension of the ring. */
  readonly polyModulusDegree: number;
  /** Bits of each data prime, 33 to 60, then of the special prime: the largest primes that are 1 modulo twice the
   *  dimension. */
  readonly coeffModulusBits: readonly number[];
  /** Bits of the prime that values are counted by; of `bfv` only. */
  readonly plainModulusBits?: number;
}

/** Every set in use, by name. */
export const HE_PARAMETER_SETS = {
  /** Linear scores: additions and products by whole numbers only. */
  "ckks-4096": { scheme: "ckks", polyModulusDegree: 4_096, coeffModulusBits: [56, 53] },
  /** Sums of chosen rows: values in coefficients, products by 0 and ±1 only, and room to drown the noise in. */
  "bfv-8192-sum": { scheme: "bfv", polyModulusDegree: 8_192, coeffModulusBits: [60, 60, 36], plainModulusBits: 52 },
  /** Scores with a hidden layer: one squaring, and noise that drowns what depends on the weights. */
  "ckks-16384": { scheme: "ckks", polyModulusDegree: 16_384, coeffModulusBits: [60, 60, 60, 60] },
} as const satisfies Record<string, HeParameterSet>;

export type HeParameterSetName = keyof typeof HE_PARAMETER_SETS;

/** Bytes of a coefficient on the wire, for each data prime. */
export function coefficientBytes({ coeffModulusBits }: HeParameterSet): number[] {
  return coeffModulusBits.slice(0, -1).map((bits) => Math.ceil(bits / 8));
}

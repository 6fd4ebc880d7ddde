/** The rules of `docs/wire-score.md` once more, without SEAL and without the packages: whole numbers modulo one prime, a
 *  number-theoretic transform, and BLAKE2Xb (`wire-ring-rules.ts`, `wire-seed-rules.ts`). What a client in another language would write.
 *  @module */
import * as ring from "./wire-ring-rules.ts";
import * as seeds from "./wire-seed-rules.ts";

export type { Polynomial } from "./wire-ring-rules.ts";
type Polynomial = ring.Polynomial;

const RING = 4_096;
const WIDTH = 7;
/** The data prime: the largest of 56 bits that is 1 modulo 8192. */
export const DATA_PRIME = 72_057_594_037_641_217n;
/** Its ring. */
export const SCORE_RING = new ring.PrimeRing(DATA_PRIME, RING);

/** The polynomial with these whole coefficients. */
export function polynomialOf(coefficients: readonly number[]): Polynomial {
  return SCORE_RING.polynomialOf(coefficients);
}

/** NTT form. */
export function transform(polynomial: Polynomial): Polynomial {
  return SCORE_RING.transform(polynomial);
}

/** Numbers of a frame: 7 bytes each, little-endian. @throws Error when one is not below the prime. */
export function readPolynomial(bytes: Uint8Array): Polynomial {
  return ring.readPolynomial(bytes, WIDTH, DATA_PRIME);
}

/** The bytes of a polynomial, or of its first coefficients. */
export function writePolynomial(polynomial: Polynomial): Uint8Array {
  return ring.writePolynomial(polynomial, WIDTH);
}

/** Coefficients of a column at `scale`, one per value. */
export function encodeColumn(values: readonly number[], scale: number): number[] {
  return values.map((value) => Math.round(value * scale));
}

/** The uniform polynomial, in NTT form, that a seed stands for. */
export function expandSeed(seed: Uint8Array, limit?: bigint): Polynomial {
  return seeds.expandSeed(seed, [DATA_PRIME], RING, limit)[0] ?? new BigUint64Array(RING);
}

/** `c0` of a fresh ciphertext, as coefficients: message plus error, less the secret times what the seed stands for. There is one
 *  coefficient per row, and no other is sent. */
export function encryptFresh(column: {
  coefficients: readonly number[];
  errors: readonly number[];
  secret: Polynomial;
  seed: Uint8Array;
}): Polynomial {
  const mask = product(expandSeed(column.seed), column.secret);
  const noisy = polynomialOf(column.coefficients.map((value, i) => value + (column.errors[i] ?? 0)));
  return SCORE_RING.subtract(noisy.slice(0, column.coefficients.length), mask);
}

/** Coefficients of the rows of a ciphertext; `c1` and `secret` are in NTT form. */
export function decrypt(c0: Polynomial, c1: Polynomial, secret: Polynomial): number[] {
  return SCORE_RING.centred(SCORE_RING.add(c0, product(c1, secret))).map(Number);
}

/** Coefficients of a product of polynomials in NTT form. */
function product(a: Polynomial, b: Polynomial): Polynomial {
  return SCORE_RING.transformBack(SCORE_RING.multiply(a, b));
}

/** What the domain computes: columns times whole weights, and the intercept in each coefficient. */
export function linearSum(columns: readonly Polynomial[], weights: readonly bigint[], constant: bigint): Polynomial {
  return BigUint64Array.from({ length: columns[0]?.length ?? 0 }, (_, i) =>
    columns.reduce(
      (sum, column, c) => ring.residue(sum + (column[i] ?? 0n) * (weights[c] ?? 0n), DATA_PRIME),
      ring.residue(constant, DATA_PRIME),
    ),
  );
}

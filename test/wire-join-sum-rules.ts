/** The rules of `docs/wire-join-sum.md` once more, without SEAL and without the packages: BFV with values in coefficients, what a caller makes
 *  of it, and the frames.
 *  @module */
import type { Random } from "@sluice/protocol";
import {
  largestPrimes,
  power,
  PrimeRing,
  readPolynomial,
  residue,
  writePolynomial,
  type Polynomial,
} from "./wire-ring-rules.ts";
import { drawErrors } from "./wire-coin-rules.ts";
import { canonical, sha256 } from "./wire-rules.ts";
import { expandSeed } from "./wire-seed-rules.ts";

const RING = 8_192;
/** Data primes, in the order of the wire. */
export const SUM_PRIMES = largestPrimes(60, RING, 2);
/** What sums are counted by. */
export const PLAIN_MODULUS = largestPrimes(52, RING, 1)[0] ?? 1n;
const MODULUS = SUM_PRIMES.reduce((product, prime) => product * prime, 1n);
const FLOOD_BITS = 67;
const DIGIT_BITS = 31;

/** A polynomial modulo both primes. */
type Residues = readonly Polynomial[];
/** Two of them. */
export type Encrypted = { readonly c0: Residues; readonly c1: Residues };

let opened: readonly PrimeRing[] | undefined;

/** Rings of the primes. */
export function sumRings(): readonly PrimeRing[] {
  opened ??= SUM_PRIMES.map((prime) => new PrimeRing(prime, RING));
  return opened;
}

/** The context that entries are hashed with. */
export function joinSumContext(identity: object): Buffer {
  return Buffer.concat([
    Buffer.from("SluiceJoinSumV1-ristretto255-SHA512-"),
    sha256(canonical({ kind: "join-sum", ...identity })),
  ]);
}

/** A fresh encryption of whole numbers, as a frame carries it: 64 bytes of seed, then the first polynomial. */
export function encryptValues(values: readonly bigint[], secret: readonly number[], random: Random): Uint8Array {
  const seed = random.bytes(64);
  const errors = drawErrors(random, RING);
  const scaled = errors.map((error, i) => {
    const value = residue(values[i] ?? 0n, PLAIN_MODULUS);
    return (MODULUS * value + (PLAIN_MODULUS + 1n) / 2n) / PLAIN_MODULUS + BigInt(error);
  });
  const masks = product(expandSeed(seed, SUM_PRIMES, RING), residues(secret));
  const c0 = sumRings().map((ring, i) =>
    ring.subtract(ring.polynomialOf(scaled), masks[i] ?? new BigUint64Array(RING)),
  );
  return Buffer.concat([seed, ...c0.map((polynomial) => writePolynomial(polynomial, 8))]);
}

/** What a fresh encryption stands for. */
export function readFresh(bytes: Uint8Array): Encrypted {
  return { c0: readResidues(bytes.subarray(64)), c1: expandSeed(bytes.subarray(0, 64), SUM_PRIMES, RING) };
}

/** Coefficients by which the constant one of a product is the sum of those at `places`. */
export function maskOf(places: readonly number[]): number[] {
  const mask = Array<number>(RING).fill(0);
  for (const place of places) mask[place === 0 ? 0 : RING - place] = place === 0 ? 1 : -1;
  return mask;
}

/** Σ factor · ciphertext. */
export function weighted(terms: readonly (readonly [factor: readonly number[], of: Encrypted])[]): Encrypted {
  const sum = (part: "c0" | "c1"): Residues =>
    sumRings().map((ring, i) =>
      ring.transformBack(
        terms
          .map(([factor, of]) => ring.multiply(transformed(of[part], i), transformed(residues(factor), i)))
          .reduce((total, next) => ring.add(total, next)),
      ),
    );
  return { c0: sum("c0"), c1: sum("c1") };
}

/** What is sent of a sum: one coefficient and the second polynomial; and the blind. */
export function blinded(sum: Encrypted, random: Random): { sent: Uint8Array; blind: bigint } {
  const errors = drawErrors(random, RING);
  const c1 = sumRings().map((ring, i) => ring.add(at(sum.c1, i), ring.polynomialOf(errors)));
  const blind = residue(bigOf(random.bytes(16)), PLAIN_MODULUS);
  const flood = BigInt.asIntN(FLOOD_BITS, bigOf(random.bytes(9)));
  const added = (MODULUS * blind + PLAIN_MODULUS / 2n) / PLAIN_MODULUS + flood;
  const c0 = sum.c0.map((polynomial, i) =>
    BigUint64Array.of(residue((polynomial[0] ?? 0n) + added, SUM_PRIMES[i] ?? 1n)),
  );
  return { sent: Buffer.concat([...c0, ...c1].map((polynomial) => writePolynomial(polynomial, 8))), blind };
}

/** The constant coefficient under what was sent. */
export function decryptConstant(sent: Uint8Array, secret: readonly number[]): bigint {
  const masks = product(readResidues(sent.subarray(16)), residues(secret));
  const parts = SUM_PRIMES.map((prime, i) => {
    const c0 = readPolynomial(sent.subarray(8 * i, 8 * i + 8), 8, prime)[0] ?? 0n;
    return (c0 + (masks[i]?.[0] ?? 0n)) % prime;
  });
  const whole = parts.reduce((sum, part, i) => {
    const prime = SUM_PRIMES[i] ?? 1n;
    const others = MODULUS / prime;
    return sum + part * others * power(others % prime, prime - 2n, prime);
  }, 0n);
  const scaled = (2n * PLAIN_MODULUS * (whole % MODULUS) + MODULUS) / (2n * MODULUS);
  return scaled % PLAIN_MODULUS;
}

/** A whole number in two balanced digits. */
export function digitsOf(value: bigint): [bigint, bigint] {
  const low = BigInt.asIntN(DIGIT_BITS, value);
  return [low, (value - low) >> BigInt(DIGIT_BITS)];
}

/** The number of two digits that were summed, modulo the plain modulus. */
export function combined(digits: readonly bigint[]): bigint {
  return digits.reduce((sum, digit, limb) => {
    const least = residue(digit, PLAIN_MODULUS);
    return sum + ((least > PLAIN_MODULUS / 2n ? least - PLAIN_MODULUS : least) << BigInt(limb * DIGIT_BITS));
  }, 0n);
}

/** A frame: numbers big-endian, in as many bytes as said. */
export function sumFrame(
  type: number,
  session: Uint8Array,
  ...parts: (Uint8Array | readonly [value: number | bigint, bytes: number])[]
): Buffer {
  const body = parts.map((part) => {
    if (part instanceof Uint8Array) return part;
    return Buffer.from(part[0].toString(16).padStart(2 * part[1], "0"), "hex");
  });
  return Buffer.concat([Buffer.of(0, 1, type), session, ...body]);
}

const RESIDUES = new WeakMap<readonly number[], Residues>();
const TRANSFORMED = new WeakMap<Polynomial, Polynomial>();

function residues(coefficients: readonly number[]): Residues {
  const known = RESIDUES.get(coefficients) ?? sumRings().map((ring) => ring.polynomialOf(coefficients));
  RESIDUES.set(coefficients, known);
  return known;
}

/** NTT form modulo prime `i`, computed once. */
function transformed(polynomials: Residues, i: number): Polynomial {
  const polynomial = at(polynomials, i);
  const known = TRANSFORMED.get(polynomial) ?? sumRings()[i]?.transform(polynomial) ?? polynomial;
  TRANSFORMED.set(polynomial, known);
  return known;
}

/** Of polynomials in coefficients. */
function product(a: Residues, b: Residues): Residues {
  return sumRings().map((ring, i) => ring.transformBack(ring.multiply(transformed(a, i), transformed(b, i))));
}

function readResidues(bytes: Uint8Array): Residues {
  return SUM_PRIMES.map((prime, i) => readPolynomial(bytes.subarray(8 * RING * i, 8 * RING * (i + 1)), 8, prime));
}

function at(polynomials: Residues, i: number): Polynomial {
  return polynomials[i] ?? new BigUint64Array(RING);
}

function bigOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

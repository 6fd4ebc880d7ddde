/** The caller's rules of `docs/wire-score-hidden.md`, without SEAL and without the packages: values in the slots of CKKS, keys to compute
 *  with, and what a reply opens to.
 *  @module */
import type { Random } from "@sluice/protocol";
import { drawErrors } from "./wire-coin-rules.ts";
import { largestPrimes, PrimeRing, readPolynomial, writePolynomial, type Polynomial } from "./wire-ring-rules.ts";
import { expandSeed } from "./wire-seed-rules.ts";

/** Coefficients of a polynomial; half as many slots. */
export const HIDDEN_DEGREE = 16_384;
/** Data primes in the order of the wire, and the special prime. */
export const HIDDEN_PRIMES = largestPrimes(60, HIDDEN_DEGREE, 4);
const DATA_PRIMES = 3;
/** What two rescalings divide a score by. */
const DROPPED = HIDDEN_PRIMES.slice(1, DATA_PRIMES).reduce((product, prime) => product * Number(prime), 1);

let opened: readonly PrimeRing[] | undefined;

/** Rings of the primes. */
export function hiddenRings(): readonly PrimeRing[] {
  opened ??= HIDDEN_PRIMES.map((prime) => new PrimeRing(prime, HIDDEN_DEGREE));
  return opened;
}

/** A value at every slot, and others at some of the first: by slot, the difference. */
export type Slots = { readonly everywhere: number; readonly more: readonly number[] };

/** Whole coefficients of the polynomial that has these values, times `scale`, at its slots. */
export function encodeSlots({ everywhere, more }: Slots, scale: number): bigint[] {
  const cosines = turns();
  const places = powersOfThree(more.length);
  return Array.from({ length: HIDDEN_DEGREE }, (_, k) => {
    let sum = k === 0 ? everywhere : 0;
    for (const [i, value] of more.entries()) {
      sum += ((2 * value) / HIDDEN_DEGREE) * (cosines[((places[i] ?? 0) * k) % (2 * HIDDEN_DEGREE)] ?? 0);
    }
    return BigInt(Math.round(sum * scale));
  });
}

/** Values at the first `count` slots of a polynomial. */
export function decodeSlots(coefficients: readonly bigint[], scale: number, count: number): number[] {
  const cosines = turns();
  const numbers = coefficients.map((coefficient) => Number(coefficient) / scale);
  return powersOfThree(count).map((place) =>
    numbers.reduce((sum, number, k) => sum + number * (cosines[(place * k) % (2 * HIDDEN_DEGREE)] ?? 0), 0),
  );
}

/** A secret, in NTT form for each prime. */
export function transformSecret(coefficients: readonly number[]): Polynomial[] {
  return hiddenRings().map((ring) => ring.transform(ring.polynomialOf(coefficients)));
}

/** Public key and relinearisation keys, as a request has them one after the other. */
export function makeKeys(secret: readonly Polynomial[], random: Random): Uint8Array {
  const special = HIDDEN_PRIMES[DATA_PRIMES] ?? 0n;
  const keys = [-1, 0, 1, 2].map((target) =>
    encrypt(secret, [], random).map((part, i) => {
      const ring = hiddenRings()[i - 1];
      // The first part is the seed.
      if (ring === undefined || i - 1 !== target) return part;
      const own = secret[target] ?? new BigUint64Array(HIDDEN_DEGREE);
      const square = ring.multiply(own, own);
      return ring.add(
        part as Polynomial,
        square.map((value) => (value * (special % ring.prime)) % ring.prime),
      );
    }),
  );
  return Buffer.concat(keys.flat().map(bytesOf));
}

/** One column, as a request has it. */
export function encryptSlots(message: readonly bigint[], secret: readonly Polynomial[], random: Random): Uint8Array {
  return Buffer.concat(encrypt(secret.slice(0, DATA_PRIMES), message, random).map(bytesOf));
}

/** A reply by the rules: its second polynomial is what a seed stands for. */
export function makeReply(scores: Slots, scoreBits: number, secret: readonly Polynomial[], random: Random): Uint8Array {
  const message = encodeSlots(scores, 2 ** scoreBits / DROPPED);
  const [seed = new Uint8Array(0), c0 = new BigUint64Array(0)] = encrypt(secret.slice(0, 1), message, random);
  const [c1 = new BigUint64Array(0)] = expandSeed(seed as Uint8Array, HIDDEN_PRIMES.slice(0, 1), HIDDEN_DEGREE);
  return Buffer.concat([Buffer.of(0, 1), bytesOf(c0), bytesOf(c1)]);
}

/** The first `count` scores of a reply. @throws Error when a number is not below the prime, or the second polynomial is zero */
export function openReply(
  reply: Uint8Array,
  scoreBits: number,
  secret: readonly Polynomial[],
  count: number,
): number[] {
  const [ring] = hiddenRings();
  const half = 8 * HIDDEN_DEGREE;
  if (ring === undefined || reply.length !== 2 + 2 * half) throw new Error("no reply");
  const c0 = readPolynomial(reply.subarray(2, 2 + half), 8, ring.prime);
  const c1 = readPolynomial(reply.subarray(2 + half), 8, ring.prime);
  if (c1.every((value) => value === 0n)) throw new Error("it needs no key");
  const own = secret[0] ?? new BigUint64Array(HIDDEN_DEGREE);
  const message = ring.centred(ring.transformBack(ring.add(c0, ring.multiply(c1, own))));
  return decodeSlots(message, 2 ** scoreBits / DROPPED, count);
}

/** A seed, then message plus error less the secret times what the seed stands for, in NTT form for each prime of the secret. */
function encrypt(
  secret: readonly Polynomial[],
  message: readonly bigint[],
  random: Random,
): (Uint8Array | Polynomial)[] {
  const seed = random.bytes(64);
  const noisy = drawErrors(random, HIDDEN_DEGREE).map((error, i) => BigInt(error) + (message[i] ?? 0n));
  const masks = expandSeed(seed, HIDDEN_PRIMES.slice(0, secret.length), HIDDEN_DEGREE);
  const parts = secret.map((own, i) => {
    const ring = hiddenRings()[i];
    if (ring === undefined) throw new Error("no such prime");
    return ring.subtract(ring.transform(ring.polynomialOf(noisy)), ring.multiply(own, masks[i] ?? own));
  });
  return [seed, ...parts];
}

function bytesOf(part: Uint8Array | Polynomial): Uint8Array {
  return part instanceof Uint8Array ? part : writePolynomial(part, 8);
}

let cosinesOfTurns: Float64Array | undefined;

/** cos(π j / N). */
function turns(): Float64Array {
  cosinesOfTurns ??= Float64Array.from({ length: 2 * HIDDEN_DEGREE }, (_, j) =>
    Math.cos((Math.PI * j) / HIDDEN_DEGREE),
  );
  return cosinesOfTurns;
}

/** Slot `i` is the value at e^(πi 3^i / N). */
function powersOfThree(count: number): number[] {
  const places: number[] = [];
  for (let i = 0, place = 1; i < count; i++, place = (3 * place) % (2 * HIDDEN_DEGREE)) places.push(place);
  return places;
}

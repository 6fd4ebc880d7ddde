/** The caller's computation on values that it cannot read: the sum of those at chosen places, made to look like nothing else than
 *  that sum under a blind.
 *
 *  Whoever has the key sees more of a ciphertext than its plaintext, and must learn no place from it:
 *  - c1, a sum of products of the mask by polynomials that the domain knows, would give the mask away. Added is u·Z with a fresh
 *    ternary u, Z being the domain's encryption of zero, and an error: an encryption of zero under the public key Z, whose c1 is
 *    indistinguishable from uniform for whoever does not know u (ring-LWE with public polynomial a, which comes from a seed).
 *  - the noise at the constant coefficient depends on mask, u and error. It is less than 2^25 and drowned in a number uniform
 *    below 2^67: statistical distance 2^-42. All other coefficients of c0 stay here, so nothing else is to be drowned.
 *  - the sum itself is under a blind uniform modulo the plain modulus.
 *  @module */
import { SluiceError, type Bytes, type MaskedSum, type Random, type SeededCiphertext } from "@sluice/protocol";
import type { Ciphertext } from "node-seal/throws";
import { loadFresh, refusing } from "../engine.ts";
import { openHandles } from "../handles.ts";
import { modulo } from "./limbs.ts";
import { sumRing, type SumRing } from "./ring.ts";

/** The noise of a masked sum stays below this power of two: 21 for each of 2^20 places, and what makes it an encryption of zero. */
export const MASKED_NOISE_BITS = 25;
/** Bits of what drowns it. */
export const FLOOD_BITS = 67;
/** Bytes that are reduced to a blind: the bias is below 2^-75. */
const BLIND_BYTES = 16;
/** Coins of an error, on each side: a centred binomial with standard deviation 3.24, as SEAL's. */
const ERROR_COINS = 21;

/** A blinded part of the sum, and what takes the blind off. */
export interface Blinded {
  readonly sum: MaskedSum;
  /** Uniform below the plain modulus; added to the sum. */
  readonly blind: bigint;
}

/** Adds up parts of values at chosen places. Close it. */
export interface SumMask extends Disposable {
  /** Chooses the places of the next block, whose parts are then added: numbers below the size of a block. */
  choose(places: readonly number[]): void;
  /** Adds the chosen ones of one part of a block. @throws ERR_FRAME_MALFORMED */
  add(limb: number, values: SeededCiphertext): void;
  /** The sum of one part. @param zero the domain's encryption of zero. @throws ERR_FRAME_MALFORMED */
  finish(limb: number, zero: SeededCiphertext): Blinded;
  close(): void;
}

/** Begins with nothing. @param random of blinds, u, errors and what drowns the noise */
export async function openSumMask(random: Random): Promise<SumMask> {
  const ring = await sumRing();
  const { engine, degree } = ring;
  const { seal, context, evaluator } = engine;
  const owned = openHandles();
  const mask = owned.keep(new seal.Plaintext());
  const factor = owned.keep(new seal.Plaintext());
  const term = owned.keep(new seal.Ciphertext());
  const sums: (Ciphertext | undefined)[] = [];
  let chosen = 0;
  const addProduct = (limb: number, fresh: SeededCiphertext): void => {
    refusing(engine, refusal, () => {
      loadFresh(engine, term, fresh, 1);
      evaluator.cipherTransformToNttInplace(term);
      evaluator.multiplyPlainInplace(term, factor);
    });
    const sum = sums[limb];
    if (sum !== undefined) evaluator.addInplace(sum, term);
    else sums[limb] = owned.keep(term.copy());
  };
  const setFactor = (coefficients: Float64Array): void => {
    using scope = openHandles();
    ring.load(mask, coefficients);
    evaluator.plainTransformToNtt(mask, scope.keep(context.firstParmsId()), factor);
    coefficients.fill(0);
  };
  return {
    choose(places) {
      chosen = places.length;
      if (chosen > 0) setFactor(maskOf(places, degree));
    },
    add(limb, values) {
      if (chosen > 0) addProduct(limb, values);
    },
    finish(limb, zero) {
      setFactor(ternary(degree, random));
      addProduct(limb, zero);
      const sum = sums[limb];
      if (sum === undefined) throw new SluiceError("ERR_INTERNAL", { reference: "he.mask" });
      evaluator.cipherTransformFromNttInplace(sum);
      const { c0, c1 } = engine.full.pack(sum.saveToArray(seal.ComprModeType.none) as Bytes);
      addErrors(c1, ring, random);
      const blind = modulo(bigOf(random.bytes(BLIND_BYTES)), ring.plainModulus);
      return { sum: { c0: constant(c0, ring, blind, random), c1 }, blind };
    },
    close: () => owned.close(),
    [Symbol.dispose]: () => owned.close(),
  };
}

/** The polynomial by which a product's constant coefficient is the sum over `places`. */
function maskOf(places: readonly number[], degree: number): Float64Array {
  const coefficients = new Float64Array(degree);
  for (const place of places) {
    if (place === 0) coefficients[0] = 1;
    else coefficients[degree - place] = -1;
  }
  return coefficients;
}

/** Uniform in {-1, 0, 1}. */
function ternary(degree: number, random: Random): Float64Array {
  const coefficients = new Float64Array(degree);
  for (let i = 0; i < degree;) {
    const bytes = random.bytes(degree);
    for (const byte of bytes) if (byte < 255 && i < degree) coefficients[i++] = (byte % 3) - 1;
    bytes.fill(0);
  }
  return coefficients;
}

/** Adds a small error to each coefficient of a polynomial as it is on the wire. */
function addErrors(polynomial: Bytes, { primes, degree }: SumRing, random: Random): void {
  const coins = random.bytes(8 * degree);
  const [words, drawn] = [viewOf(polynomial), viewOf(coins)];
  for (let i = 0; i < degree; i++) {
    const error = BigInt(ones(drawn.getUint32(8 * i)) - ones(drawn.getUint32(8 * i + 4)));
    for (const [index, prime] of primes.entries()) {
      const at = 8 * (index * degree + i);
      words.setBigUint64(at, modulo(words.getBigUint64(at, true) + error, prime), true);
    }
  }
  coins.fill(0);
}

/** The constant coefficient with the blind, and its noise drowned. */
function constant(c0: Bytes, ring: SumRing, blind: bigint, random: Random): Bytes {
  const { primes, degree, modulus, plainModulus } = ring;
  const flood = BigInt.asIntN(FLOOD_BITS, bigOf(random.bytes(Math.ceil(FLOOD_BITS / 8))));
  const added = (modulus * blind + plainModulus / 2n) / plainModulus + flood;
  const coefficient = new Uint8Array(8 * primes.length);
  const [words, out] = [viewOf(c0), viewOf(coefficient)];
  for (const [index, prime] of primes.entries()) {
    out.setBigUint64(8 * index, modulo(words.getBigUint64(8 * index * degree, true) + added, prime), true);
  }
  return coefficient;
}

function ones(word: number): number {
  let count = 0;
  for (let rest = word >>> (32 - ERROR_COINS); rest !== 0; rest &= rest - 1) count++;
  return count;
}

function bigOf(bytes: Bytes): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function viewOf(bytes: Bytes): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function refusal(): SluiceError {
  return new SluiceError("ERR_FRAME_MALFORMED", { field: "ciphertext", expected: "one of the parameter set" });
}

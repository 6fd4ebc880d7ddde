/** What a masked sum shows to whoever has the key, besides the blinded sum: its noise and its second polynomial. The test holds the
 *  key and computes both exactly. Each claim stands beside the attack that works without what it is about.
 *  @module */
import {
  MAX_COUNT_SHIFT,
  MAX_JOIN_SUM_SET_ITEMS,
  type Bytes,
  type MaskedSum,
  type Random,
  type SeededCiphertext,
} from "@sluice/protocol";
import { expect, test } from "vitest";
import { openHandles } from "../src/he/handles.ts";
import { modulo } from "../src/he/join-sum/limbs.ts";
import { FLOOD_BITS, MASKED_NOISE_BITS, openSumMask } from "../src/he/join-sum/masking.ts";
import { sumRing } from "../src/he/join-sum/ring.ts";
import { seededRandom } from "./seeded-random.ts";

const ring = await sumRing();
const { degree, primes, modulus, plainModulus } = ring;
const key = openKey();
const FLOOD_BYTES = Math.ceil(FLOOD_BITS / 8);

/** A key that encrypts as the domain's does, and gives its secret polynomial away. */
function openKey() {
  const { seal, context, fresh, full } = ring.engine;
  const owned = openHandles();
  const keys = owned.keep(new seal.KeyGenerator(context));
  const secretKey = owned.keep(keys.secretKey());
  const encryptor = owned.keep(new seal.Encryptor(context, owned.keep(keys.createPublicKey()), secretKey));
  const decryptor = owned.keep(new seal.Decryptor(context, secretKey));
  const plaintext = owned.keep(new seal.Plaintext());
  const ciphertext = owned.keep(new seal.Ciphertext());
  const encrypt = (values: Float64Array): SeededCiphertext => {
    ring.load(plaintext, values);
    const encrypted = owned.keep(encryptor.encryptSymmetricSerializable(plaintext));
    return fresh.pack(encrypted.saveToArray(seal.ComprModeType.none) as Bytes);
  };
  // A ciphertext (0, q/t) decrypts to the secret itself.
  const step = (modulus + plainModulus / 2n) / plainModulus;
  const c1 = new Uint8Array(16 * degree);
  for (const [index, prime] of primes.entries()) setWord(c1, index * degree, step % prime);
  ciphertext.loadFromArray(context, full.widen({ c0: new Uint8Array(16 * degree), c1 }, 1));
  decryptor.decrypt(ciphertext, plaintext);
  const saved = (plaintext.saveToArray(seal.ComprModeType.none) as Bytes).slice(88);
  const secret = Array.from({ length: degree }, (_, i) => {
    const word = 8 * i < saved.length ? wordAt(saved, i) : 0n;
    return word > plainModulus / 2n ? word - plainModulus : word;
  });
  return { encrypt, secret };
}

function viewOf(bytes: Bytes): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function wordAt(bytes: Bytes, index: number): bigint {
  return viewOf(bytes).getBigUint64(8 * index, true);
}

function setWord(bytes: Bytes, index: number, value: bigint): void {
  viewOf(bytes).setBigUint64(8 * index, value, true);
}

/** The phase of the constant coefficient modulo q/t, around zero: its noise, whatever the sum under its blind is. */
function noiseOf({ c0, c1 }: MaskedSum): number {
  const residues = primes.map((prime, index) => {
    const sum = key.secret.reduce(
      (total, each, i) => {
        // X^i · X^(degree - i) = -1
        const word = wordAt(c1, index * degree + (i === 0 ? 0 : degree - i));
        return total + (i === 0 ? each : -each) * word;
      },
      wordAt(c0, index),
    );
    return modulo(sum, prime);
  });
  const [p = 1n, q = 1n] = primes;
  const [a = 0n, b = 0n] = residues;
  const phase = a + p * modulo((b - a) * inverse(p, q), q);
  // phase = q·m/t + noise: so t·phase is t·noise modulo q.
  const scaled = modulo(phase * plainModulus, modulus);
  const noise = (scaled > modulus / 2n ? scaled - modulus : scaled) / plainModulus;
  return Number(noise);
}

function inverse(value: bigint, prime: bigint): bigint {
  let result = 1n;
  for (let [base, rest] = [value % prime, prime - 2n]; rest > 0n; rest >>= 1n, base = (base * base) % prime) {
    if (rest & 1n) result = (result * base) % prime;
  }
  return result;
}

/** Randomness of blinds alone: no flood, no errors, and a u that everyone knows, 1. */
function without(random: Random): Random {
  return {
    bytes(length) {
      if (length === FLOOD_BYTES) return new Uint8Array(length);
      return length >= degree ? new Uint8Array(length).fill(1).fill(2, 0, 1) : random.bytes(length);
    },
  };
}

/** Randomness that tells what the flood was. */
function recording(random: Random): { random: Random; floods: number[] } {
  const floods: number[] = [];
  const bytes = (length: number): Bytes => {
    const drawn = random.bytes(length);
    if (length !== FLOOD_BYTES) return drawn;
    const big = drawn.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    floods.push(Number(BigInt.asIntN(FLOOD_BITS, big)));
    return drawn;
  };
  return { random: { bytes }, floods };
}

const places = Array.from({ length: degree }, (_, i) => i);
const values = Float64Array.from(places, (i) => 2 ** 30 - i);
const MASKS = { none: [], one: [5], all: places } as const;
const zero = key.encrypt(new Float64Array(0));

async function masked(mask: readonly number[], random: Random, block = key.encrypt(values)): Promise<MaskedSum> {
  using sum = await openSumMask(random);
  sum.choose(mask);
  sum.add(0, block);
  return sum.finish(0, zero).sum;
}

test("there is room for sum, noise and flood beside each other, for the largest set", () => {
  const places = MAX_JOIN_SUM_SET_ITEMS + 2 * MAX_COUNT_SHIFT;
  // 21 for an error and 1/2 for rounding at each place; u·e and e·s, at 21 each; rounding of the blind.
  const noise = 22 * places + 2 * 22 * degree;
  expect(noise).toBeLessThan(2 ** MASKED_NOISE_BITS);
  const room = modulus / (2n * plainModulus);
  expect(room > 2n ** BigInt(FLOOD_BITS - 1) + 2n ** BigInt(MASKED_NOISE_BITS) + 1n).toBe(true);
  expect(plainModulus / 2n > 2n ** 50n + 2n ** 49n).toBe(true);
  // Both parts of a value together.
  expect(2 * 2 ** (MASKED_NOISE_BITS - FLOOD_BITS)).toBeLessThanOrEqual(2 ** -41);
});

test("without the flood the noise tells a mask of many places from one of few", async () => {
  const spread = async (mask: readonly number[]): Promise<number> => {
    const noises = [];
    for (let i = 0; i < 6; i++) noises.push(noiseOf(await masked(mask, without(seededRandom(i)))));
    return Math.sqrt(noises.reduce((sum, noise) => sum + noise * noise, 0) / noises.length);
  };
  const [one, all] = [await spread(MASKS.one), await spread(MASKS.all)];
  expect(one).toBeLessThan(30);
  expect(all).toBeGreaterThan(100);
});

test("with it the noise is a number uniform below 2^67, but for less than 2^25: whatever the mask", async () => {
  for (const [seed, mask] of Object.values(MASKS).entries()) {
    const { random, floods } = recording(seededRandom(seed));
    const noises = [];
    const block = key.encrypt(values);
    for (let i = 0; i < 12; i++) noises.push(noiseOf(await masked(mask, random, block)));
    for (const [i, noise] of noises.entries()) {
      // A number of 67 bits as a double is exact to 2^14.
      expect(Math.abs(noise - (floods[i] ?? Number.NaN))).toBeLessThan(2 ** MASKED_NOISE_BITS / 8);
    }
    // The largest of twelve is below a quarter of the range less than once in 10^7 times.
    expect(Math.max(...noises.map(Math.abs))).toBeGreaterThan(2 ** (FLOOD_BITS - 1) / 4);
  }
});

test("without u the second polynomial gives the mask away: a guess can be held against it", async () => {
  const block = key.encrypt(values);
  const bare = without(seededRandom(1));
  const seen = await masked(MASKS.one, bare, block);
  expect((await masked(MASKS.one, bare, block)).c1).toEqual(seen.c1);
  expect((await masked(MASKS.all, bare, block)).c1).not.toEqual(seen.c1);
});

test("with it nothing of one remains in another: no coefficient of two sums under the same mask is the same", async () => {
  const block = key.encrypt(values);
  const random = seededRandom(3);
  const [first, second] = [await masked(MASKS.one, random, block), await masked(MASKS.one, random, block)];
  const same = places.filter((i) => wordAt(first.c1, i) === wordAt(second.c1, i));
  expect(same).toEqual([]);
  // Uniform: the mean of 8,192 numbers below p is within 5 standard deviations of p/2.
  const mean = places.reduce((sum, i) => sum + Number(wordAt(first.c1, i)) / Number(primes[0]), 0) / degree;
  expect(Math.abs(mean - 0.5)).toBeLessThan((5 * Math.sqrt(1 / 12)) / Math.sqrt(degree));
});

test("a limit: a domain that spoils one coefficient learns whether that row matched", async () => {
  const spoilt = key.encrypt(values);
  const at = 5;
  const large = 2n ** BigInt(FLOOD_BITS);
  for (const [index, prime] of primes.entries()) {
    setWord(spoilt.c0, index * degree + at, (wordAt(spoilt.c0, index * degree + at) + large) % prime);
  }
  const random = seededRandom(4);
  for (let i = 0; i < 4; i++) {
    expect(Math.abs(noiseOf(await masked([at, 9], random, spoilt)))).toBeGreaterThan(2 ** (FLOOD_BITS - 1) * 0.99);
    expect(Math.abs(noiseOf(await masked([8, 9], random, spoilt)))).toBeLessThan(2 ** (FLOOD_BITS - 1) * 1.01);
  }
});

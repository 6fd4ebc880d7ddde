/** Noise that drowns what a reply would tell of the weights beyond scores: in each coefficient the difference of two uniform whole
 *  numbers below 2^bits, exact to the last bit (a sample of double precision would leave low bits of 2^130 bare).
 *  @module */
import type { Bytes, Random } from "@sluice/protocol";

/** One polynomial of such noise. */
export function drowningNoise(random: Random, bits: number, ring: number): bigint[] {
  const size = Math.ceil(bits / 8);
  const bytes = random.bytes(2 * ring * size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const mask = (1n << BigInt(bits)) - 1n;
  const uniform = (at: number): bigint => {
    let value = 0n;
    let i = at;
    for (; i + 8 <= at + size; i += 8) value = (value << 64n) | view.getBigUint64(i, true);
    for (; i < at + size; i++) value = (value << 8n) | BigInt(view.getUint8(i));
    return value & mask;
  };
  const noise = Array.from({ length: ring }, (_, k) => uniform(2 * k * size) - uniform((2 * k + 1) * size));
  bytes.fill(0);
  return noise;
}

/** Adds whole numbers to the coefficients of a polynomial of 8 bytes a coefficient, modulo each prime. */
export function addWhole(polynomial: Bytes, numbers: readonly bigint[], primes: readonly bigint[]): void {
  const words = new BigUint64Array(polynomial.buffer, polynomial.byteOffset, polynomial.length / 8);
  for (const [i, prime] of primes.entries()) {
    for (const [k, number] of numbers.entries()) {
      const at = i * numbers.length + k;
      words[at] = residue((words[at] ?? 0n) + number, prime);
    }
  }
}

/** Between 0 and the prime. */
export function residue(number: bigint, prime: bigint): bigint {
  const rest = number % prime;
  return rest < 0n ? rest + prime : rest;
}

/** The constants of SHA-512, from what FIPS 180-4 says they are: the first 64 bits of the fractional parts of roots of primes.
 *  @see https://doi.org/10.6028/NIST.FIPS.180-4 §4.2.3, §5.3.5
 *  @module */

const WORD_BITS = 64n;
const ROUNDS = 80;

let constants: { readonly rounds: readonly bigint[]; readonly state: readonly bigint[] } | undefined;

/** Of the cube roots of the first 80 primes. */
export function roundConstants(): readonly bigint[] {
  return derived().rounds;
}

/** Of the square roots of the first 8. */
export function initialState(): readonly bigint[] {
  return derived().state;
}

function derived() {
  if (constants !== undefined) return constants;
  const primes = firstPrimes(ROUNDS);
  const fraction = (prime: number, degree: bigint): bigint =>
    BigInt.asUintN(64, root(BigInt(prime) << (WORD_BITS * degree), degree));
  constants = {
    rounds: primes.map((prime) => fraction(prime, 3n)),
    state: primes.slice(0, 8).map((prime) => fraction(prime, 2n)),
  };
  return constants;
}

function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  return primes;
}

/** The integer part of the root, by Newton's method from above. */
function root(value: bigint, degree: bigint): bigint {
  let guess = 1n << (BigInt(value.toString(2).length) / degree + 1n);
  for (;;) {
    const next = ((degree - 1n) * guess + value / guess ** (degree - 1n)) / degree;
    if (next >= guess) return guess;
    guess = next;
  }
}

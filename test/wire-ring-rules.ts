/** Polynomials modulo X^N + 1 and a prime, by the rules of `docs/wire-score.md`: whole numbers and a number-theoretic transform, without
 *  SEAL and without the packages.
 *  @module */

/** A polynomial modulo the prime of a ring: coefficients, or values in NTT form. */
export type Polynomial = BigUint64Array;

/** Arithmetic modulo one prime. */
export class PrimeRing {
  readonly prime: bigint;
  readonly degree: number;
  /** The smallest number of order 2N modulo the prime. */
  readonly root: bigint;
  readonly #powers: BigUint64Array;

  constructor(prime: bigint, degree: number) {
    this.prime = prime;
    this.degree = degree;
    this.root = smallestRoot(prime, degree);
    let value = 1n;
    this.#powers = BigUint64Array.from({ length: 2 * degree }, () => {
      const power = value;
      value = (value * this.root) % prime;
      return power;
    });
  }

  /** The polynomial with these whole coefficients, zeros after the last. */
  polynomialOf(coefficients: ArrayLike<number | bigint>): Polynomial {
    return BigUint64Array.from({ length: this.degree }, (_, i) => residue(BigInt(coefficients[i] ?? 0), this.prime));
  }

  /** Coefficients centred around zero. */
  centred(polynomial: Polynomial): bigint[] {
    return Array.from(polynomial, (value) => (value > this.prime / 2n ? value - this.prime : value));
  }

  /** NTT form: value `i` is the polynomial at root^(2 · reversed(i) + 1). */
  transform(polynomial: Polynomial): Polynomial {
    const { degree, prime } = this;
    const values = polynomial.slice();
    for (let half = degree / 2, blocks = 1; half >= 1; half /= 2, blocks *= 2) {
      for (let block = 0; block < blocks; block++) {
        const factor = this.#power(reversed(blocks + block, 2 * blocks) * (degree / (2 * blocks)));
        for (let i = 2 * block * half; i < (2 * block + 1) * half; i++) {
          const [a, b] = [values[i] ?? 0n, ((values[i + half] ?? 0n) * factor) % prime];
          values[i] = a + b >= prime ? a + b - prime : a + b;
          values[i + half] = a >= b ? a - b : a - b + prime;
        }
      }
    }
    return values;
  }

  /** The polynomial of values in NTT form. */
  transformBack(values: Polynomial): Polynomial {
    const { degree, prime } = this;
    const polynomial = values.slice();
    for (let half = 1, blocks = degree / 2; half < degree; half *= 2, blocks /= 2) {
      for (let block = 0; block < blocks; block++) {
        const factor = this.#power(2 * degree - reversed(blocks + block, 2 * blocks) * (degree / (2 * blocks)));
        for (let i = 2 * block * half; i < (2 * block + 1) * half; i++) {
          const [a, b] = [polynomial[i] ?? 0n, polynomial[i + half] ?? 0n];
          polynomial[i] = a + b >= prime ? a + b - prime : a + b;
          polynomial[i + half] = ((a >= b ? a - b : a - b + prime) * factor) % prime;
        }
      }
    }
    const inverse = power(BigInt(degree), prime - 2n, prime);
    return polynomial.map((value) => (value * inverse) % prime);
  }

  /** Value by value: of polynomials in NTT form. */
  multiply(a: Polynomial, b: Polynomial): Polynomial {
    return a.map((value, i) => (value * (b[i] ?? 0n)) % this.prime);
  }

  add(a: Polynomial, b: Polynomial): Polynomial {
    return a.map((value, i) => (value + (b[i] ?? 0n)) % this.prime);
  }

  subtract(a: Polynomial, b: Polynomial): Polynomial {
    return a.map((value, i) => (value + this.prime - (b[i] ?? 0n)) % this.prime);
  }

  #power(exponent: number): bigint {
    return this.#powers[exponent % (2 * this.degree)] ?? 0n;
  }
}

/** Numbers of a frame, little-endian. @throws Error when one is not below its prime. */
export function readPolynomial(bytes: Uint8Array, width: number, prime: bigint): Polynomial {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return BigUint64Array.from({ length: bytes.length / width }, (_, i) => {
    let value = 0n;
    if (width === 8) value = view.getBigUint64(i * 8, true);
    else for (let b = width - 1; b >= 0; b--) value = (value << 8n) | BigInt(bytes[i * width + b] ?? 0);
    if (value >= prime) throw new Error("a coefficient is not below the prime");
    return value;
  });
}

/** The bytes of a polynomial, or of its first coefficients. */
export function writePolynomial(polynomial: Polynomial, width: number): Uint8Array {
  const bytes = new Uint8Array(polynomial.length * width);
  for (const [i, value] of polynomial.entries()) {
    for (let b = 0; b < width; b++) bytes[i * width + b] = Number((value >> BigInt(8 * b)) & 0xffn);
  }
  return bytes;
}

/** `base^exponent` modulo the prime. */
export function power(base: bigint, exponent: bigint, prime: bigint): bigint {
  let [result, square] = [1n, base % prime];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % prime;
    square = (square * square) % prime;
  }
  return result;
}

/** Bits of `value` in reverse, as many as numbers below `bound` have. */
export function reversed(value: number, bound: number): number {
  let result = 0;
  for (let bit = 1, rest = value; bit < bound; bit *= 2, rest >>= 1) result = result * 2 + (rest & 1);
  return result;
}

/** The `count` largest primes of so many bits that are 1 modulo 2N, the smallest of them first. */
export function largestPrimes(bits: number, degree: number, count: number): bigint[] {
  const step = BigInt(2 * degree);
  const primes: bigint[] = [];
  for (let candidate = 2n ** BigInt(bits) - step + 1n; primes.length < count; candidate -= step) {
    if (isPrime(candidate)) primes.unshift(candidate);
  }
  return primes;
}

/** Between zero and the prime. */
export function residue(value: bigint, prime: bigint): bigint {
  const rest = value % prime;
  return rest < 0n ? rest + prime : rest;
}

function smallestRoot(prime: bigint, degree: number): bigint {
  let root = 0n;
  for (let base = 2n; root === 0n; base++) {
    const candidate = power(base, (prime - 1n) / BigInt(2 * degree), prime);
    if (power(candidate, BigInt(degree), prime) === prime - 1n) root = candidate;
  }
  const square = (root * root) % prime;
  let smallest = root;
  for (let i = 1; i < degree; i++) {
    root = (root * square) % prime;
    if (root < smallest) smallest = root;
  }
  return smallest;
}

/** By Miller and Rabin, for these bases certain below 2^64. */
function isPrime(n: bigint): boolean {
  let [odd, twos] = [n - 1n, 0];
  for (; odd % 2n === 0n; odd /= 2n) twos++;
  return [2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n, 23n, 29n, 31n, 37n].every((base) => {
    let x = power(base, odd, n);
    if (x === 1n || x === n - 1n) return true;
    for (let i = 1; i < twos; i++) {
      x = (x * x) % n;
      if (x === n - 1n) return true;
    }
    return false;
  });
}

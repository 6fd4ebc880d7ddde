/** The rules of `docs/wire-score.md` once more, without SEAL and without the packages: whole numbers modulo one prime, a
 *  number-theoretic transform, and BLAKE2Xb. What a client in another language would write.
 *  @module */

const RING = 4_096;
/** The data prime: the largest of 56 bits that is 1 modulo 8192. */
export const DATA_PRIME = 72_057_594_037_641_217n;
/** The smallest primitive 8192nd root of one. */
export const ROOT = 2_516_238_336_004n;
const WORD = 2n ** 64n;
/** Words at or above it are replaced. */
const SEED_LIMIT = WORD - 1n - ((WORD - 1n) % DATA_PRIME) - 1n;

/** A polynomial modulo the prime: coefficients, or values in NTT form. */
export type Polynomial = BigUint64Array;

/** `a^exponent` modulo the prime. */
export function power(a: bigint, exponent: bigint): bigint {
  let [result, base, rest] = [1n, a % DATA_PRIME, exponent];
  for (; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * base) % DATA_PRIME;
    base = (base * base) % DATA_PRIME;
  }
  return result;
}

/** The polynomial with these whole coefficients. */
export function polynomialOf(coefficients: readonly number[]): Polynomial {
  return BigUint64Array.from({ length: RING }, (_, i) => {
    const value = BigInt(coefficients[i] ?? 0) % DATA_PRIME;
    return value < 0n ? value + DATA_PRIME : value;
  });
}

/** Coefficients as signed numbers, centred around zero. */
export function centred(polynomial: Polynomial): number[] {
  return Array.from(polynomial, (value) => Number(value > DATA_PRIME / 2n ? value - DATA_PRIME : value));
}

/** NTT form: value `i` is the polynomial at ROOT^(2 · reversed(i) + 1). */
export function transform(polynomial: Polynomial): Polynomial {
  const values = polynomial.slice();
  for (let half = RING / 2, blocks = 1; half >= 1; half /= 2, blocks *= 2) {
    for (let block = 0; block < blocks; block++) {
      const factor = rootPower(reversed(blocks + block, 2 * blocks) * (RING / (2 * blocks)));
      for (let i = 2 * block * half; i < (2 * block + 1) * half; i++) {
        const [a, b] = [values[i] ?? 0n, ((values[i + half] ?? 0n) * factor) % DATA_PRIME];
        values[i] = (a + b) % DATA_PRIME;
        values[i + half] = (a - b + DATA_PRIME) % DATA_PRIME;
      }
    }
  }
  return values;
}

/** The polynomial of values in NTT form. */
export function transformBack(values: Polynomial): Polynomial {
  const polynomial = values.slice();
  for (let half = 1, blocks = RING / 2; half < RING; half *= 2, blocks /= 2) {
    for (let block = 0; block < blocks; block++) {
      const back = 2 * RING - reversed(blocks + block, 2 * blocks) * (RING / (2 * blocks));
      const factor = rootPower(back);
      for (let i = 2 * block * half; i < (2 * block + 1) * half; i++) {
        const [a, b] = [polynomial[i] ?? 0n, polynomial[i + half] ?? 0n];
        polynomial[i] = (a + b) % DATA_PRIME;
        polynomial[i + half] = ((a - b + DATA_PRIME) * factor) % DATA_PRIME;
      }
    }
  }
  const inverse = power(BigInt(RING), DATA_PRIME - 2n);
  return polynomial.map((value) => (value * inverse) % DATA_PRIME);
}

const POWERS: bigint[] = [];

function rootPower(exponent: number): bigint {
  if (POWERS.length === 0) {
    for (let i = 0, value = 1n; i < 2 * RING; i++, value = (value * ROOT) % DATA_PRIME) POWERS.push(value);
  }
  return POWERS[exponent % (2 * RING)] ?? 0n;
}

/** Bits of `value` in reverse, as many as numbers below `bound` have. */
export function reversed(value: number, bound: number): number {
  let result = 0;
  for (let bit = 1, rest = value; bit < bound; bit *= 2, rest >>= 1) result = result * 2 + (rest & 1);
  return result;
}

/** Numbers of a frame: 7 bytes each, little-endian. @throws Error when one is not below the prime. */
export function readPolynomial(bytes: Uint8Array): Polynomial {
  return BigUint64Array.from({ length: bytes.length / 7 }, (_, i) => {
    let value = 0n;
    for (let b = 6; b >= 0; b--) value = (value << 8n) | BigInt(bytes[i * 7 + b] ?? 0);
    if (value >= DATA_PRIME) throw new Error("a coefficient is not below the prime");
    return value;
  });
}

/** The bytes of a polynomial, or of its first coefficients. */
export function writePolynomial(polynomial: Polynomial): Uint8Array {
  const bytes = new Uint8Array(polynomial.length * 7);
  for (const [i, value] of polynomial.entries()) {
    for (let b = 0; b < 7; b++) bytes[i * 7 + b] = Number((value >> BigInt(8 * b)) & 0xffn);
  }
  return bytes;
}

/** Coefficients of a column at `scale`, one per value. */
export function encodeColumn(values: readonly number[], scale: number): number[] {
  return values.map((value) => Math.round(value * scale));
}

/** The uniform polynomial, in NTT form, that a seed stands for. */
export function expandSeed(seed: Uint8Array, limit = SEED_LIMIT): Polynomial {
  const stream = seedStream(seed);
  const values = BigUint64Array.from({ length: RING }, () => stream());
  for (const [i, word] of values.entries()) {
    let value = word;
    while (value >= limit) value = stream();
    values[i] = value % DATA_PRIME;
  }
  return values;
}

/** Words of BLAKE2Xb under the seed as key, 4096 bytes for each value of a counter. */
function seedStream(seed: Uint8Array): () => bigint {
  let [block, at, counter]: [Uint8Array, number, bigint] = [new Uint8Array(), 0, 0n];
  return () => {
    if (at === block.length) {
      const input = Buffer.alloc(8);
      input.writeBigUInt64LE(counter++);
      [block, at] = [blake2xb(seed, input, 4_096), 0];
    }
    at += 8;
    return Buffer.from(block).readBigUInt64LE(at - 8);
  };
}

/** BLAKE2Xb: a root of 64 bytes, then one unkeyed leaf for each 64 bytes of output. */
function blake2xb(key: Uint8Array, input: Uint8Array, length: number): Uint8Array {
  const root = blake2b({ digest: 64, key: key.length, fanout: 1, depth: 1, xof: length }, key, input);
  const output = new Uint8Array(length);
  for (let node = 0; node * 64 < length; node++) {
    output.set(blake2b({ digest: 64, leaf: 64, node, xof: length, inner: 64 }, null, root), node * 64);
  }
  return output;
}

type Blake2bParameters = {
  digest: number;
  key?: number;
  fanout?: number;
  depth?: number;
  leaf?: number;
  node?: number;
  xof?: number;
  inner?: number;
};

const BLAKE2B_IV = [
  0x6a09e667f3bcc908n,
  0xbb67ae8584caa73bn,
  0x3c6ef372fe94f82bn,
  0xa54ff53a5f1d36f1n,
  0x510e527fade682d1n,
  0x9b05688c2b3e6c1fn,
  0x1f83d9abfb41bd6bn,
  0x5be0cd19137e2179n,
];
const SIGMA = [
  "0123456789abcdef",
  "ea489fd61c02b753",
  "b8c052fdae367194",
  "7931dcbe265a40f8",
  "905724afe1bc683d",
  "2c6a0b834d75fe19",
  "c51fed4a0763928b",
  "db7ec13950f4862a",
  "6fe9b308c2d714a5",
  "a2847615fb9e3cd0",
].map((line) => line.split("").map((digit) => Number.parseInt(digit, 16)));
const LANES = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;

/** BLAKE2b (RFC 7693) with the whole parameter block of its paper. */
function blake2b(parameters: Blake2bParameters, key: Uint8Array | null, input: Uint8Array): Uint8Array {
  const block = Buffer.alloc(64);
  const { digest, key: keyBytes = 0, fanout = 0, depth = 0, leaf = 0, node = 0, xof = 0, inner = 0 } = parameters;
  block.set([digest, keyBytes, fanout, depth]);
  block.writeUInt32LE(leaf, 4);
  block.writeUInt32LE(node, 8);
  block.writeUInt32LE(xof, 12);
  block[17] = inner;
  const state = BigUint64Array.from(BLAKE2B_IV, (word, i) => word ^ block.readBigUInt64LE(i * 8));
  const message = Buffer.concat([key === null ? Buffer.alloc(0) : Buffer.concat([key], 128), input]);
  const blocks = Math.max(1, Math.ceil(message.length / 128));
  for (let i = 0; i < blocks; i++) {
    const end = Math.min(message.length, (i + 1) * 128);
    compress(state, Buffer.concat([message.subarray(i * 128, end)], 128), BigInt(end), i === blocks - 1);
  }
  return new Uint8Array(state.buffer).slice(0, digest);
}

function compress(state: BigUint64Array, block: Buffer, counter: bigint, last: boolean): void {
  const v = BigUint64Array.from([...state, ...BLAKE2B_IV]);
  const at = (i: number): bigint => v[i] ?? 0n;
  const mix = (a: number, b: number, d: number, rotate: bigint, word: bigint): void => {
    v[a] = at(a) + at(b) + word;
    const turned = at(d) ^ at(a);
    v[d] = (turned >> rotate) | (turned << (64n - rotate));
  };
  v[12] = at(12) ^ counter;
  if (last) v[14] = at(14) ^ (WORD - 1n);
  const words = Array.from({ length: 16 }, (_, i) => block.readBigUInt64LE(i * 8));
  for (let round = 0; round < 12; round++) {
    const order = SIGMA[round % 10] ?? [];
    for (const [lane, [a, b, c, d]] of LANES.entries()) {
      mix(a, b, d, 32n, words[order[2 * lane] ?? 0] ?? 0n);
      mix(c, d, b, 24n, 0n);
      mix(a, b, d, 16n, words[order[2 * lane + 1] ?? 0] ?? 0n);
      mix(c, d, b, 63n, 0n);
    }
  }
  for (let i = 0; i < 8; i++) state[i] = (state[i] ?? 0n) ^ at(i) ^ at(i + 8);
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
  return noisy
    .slice(0, column.coefficients.length)
    .map((value, i) => (value + DATA_PRIME - (mask[i] ?? 0n)) % DATA_PRIME);
}

/** Coefficients of the rows of a ciphertext; `c1` and `secret` are in NTT form. */
export function decrypt(c0: Polynomial, c1: Polynomial, secret: Polynomial): number[] {
  const mask = product(c1, secret);
  return centred(c0.map((value, i) => (value + (mask[i] ?? 0n)) % DATA_PRIME));
}

/** Coefficients of a product of polynomials in NTT form. */
function product(a: Polynomial, b: Polynomial): Polynomial {
  return transformBack(a.map((value, i) => (value * (b[i] ?? 0n)) % DATA_PRIME));
}

/** What the domain computes: columns times whole weights, and the intercept in each coefficient. */
export function linearSum(columns: readonly Polynomial[], weights: readonly bigint[], constant: bigint): Polynomial {
  const reduced = (value: bigint): bigint => ((value % DATA_PRIME) + DATA_PRIME) % DATA_PRIME;
  return BigUint64Array.from({ length: columns[0]?.length ?? 0 }, (_, i) =>
    columns.reduce((sum, column, c) => reduced(sum + (column[i] ?? 0n) * (weights[c] ?? 0n)), reduced(constant)),
  );
}

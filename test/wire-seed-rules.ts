/** What a seed of 64 bytes stands for in encrypted computation, by the rules of `docs/wire-score.md` and without the packages: words of
 *  BLAKE2Xb, replaced where they are too large, as SEAL 4.1 has it. Words of BLAKE2b are pairs of 32 bits here.
 *  @module */

const WORD = 2n ** 64n;
const STREAM_BYTES = 4_096;

/** Numbers below each prime in turn, `degree` of each: the words of all primes come first, then those that replace others.
 *  @param limit of the first prime, another in tests only */
export function expandSeed(
  seed: Uint8Array,
  primes: readonly bigint[],
  degree: number,
  limit?: bigint,
): BigUint64Array[] {
  const stream = seedStream(seed);
  const words = primes.map(() => BigUint64Array.from({ length: degree }, () => stream()));
  return words.map((values, i) => {
    const prime = primes[i] ?? 1n;
    const most = limit ?? WORD - 1n - ((WORD - 1n) % prime) - 1n;
    return values.map((word) => {
      let value = word;
      while (value >= most) value = stream();
      return value % prime;
    });
  });
}

/** Words of BLAKE2Xb under the seed as key, 4096 bytes for each value of a counter. */
function seedStream(seed: Uint8Array): () => bigint {
  let block: DataView = new DataView(new ArrayBuffer(0));
  let [at, counter] = [0, 0n];
  return () => {
    if (at === block.byteLength) {
      const input = Buffer.alloc(8);
      input.writeBigUInt64LE(counter++);
      [block, at] = [new DataView(blake2xb(seed, input).buffer), 0];
    }
    at += 8;
    return block.getBigUint64(at - 8, true);
  };
}

/** BLAKE2Xb: a root of 64 bytes, then one unkeyed leaf for each 64 bytes of output. */
function blake2xb(key: Uint8Array, input: Uint8Array): Uint8Array {
  const root = blake2b({ digest: 64, key: key.length, fanout: 1, depth: 1 }, key, input);
  const output = new Uint8Array(STREAM_BYTES);
  for (let node = 0; node * 64 < STREAM_BYTES; node++) {
    output.set(blake2b({ digest: 64, leaf: 64, node, inner: 64 }, null, root), node * 64);
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
  inner?: number;
};

/** Lower half of each word first. */
const BLAKE2B_IV = Uint32Array.from(
  (
    "f3bcc908 6a09e667 84caa73b bb67ae85 fe94f82b 3c6ef372 5f1d36f1 a54ff53a " +
    "ade682d1 510e527f 2b3e6c1f 9b05688c fb41bd6b 1f83d9ab 137e2179 5be0cd19"
  ).split(" "),
  (half) => Number.parseInt(half, 16),
);
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
  const { digest, key: keyBytes = 0, fanout = 0, depth = 0, leaf = 0, node = 0, inner = 0 } = parameters;
  block.set([digest, keyBytes, fanout, depth]);
  block.writeUInt32LE(leaf, 4);
  block.writeUInt32LE(node, 8);
  block.writeUInt32LE(STREAM_BYTES, 12);
  block[17] = inner;
  const state = BLAKE2B_IV.map((half, i) => half ^ block.readUInt32LE(i * 4));
  const message = Buffer.concat([key === null ? Buffer.alloc(0) : Buffer.concat([key], 128), input]);
  const blocks = Math.max(1, Math.ceil(message.length / 128));
  for (let i = 0; i < blocks; i++) {
    const end = Math.min(message.length, (i + 1) * 128);
    compress(state, Buffer.concat([message.subarray(i * 128, end)], 128), end, i === blocks - 1);
  }
  return new Uint8Array(state.buffer).slice(0, digest);
}

function compress(state: Uint32Array, block: Buffer, counter: number, last: boolean): void {
  const v = Uint32Array.of(...state, ...BLAKE2B_IV);
  const at = (i: number): number => v[i] ?? 0;
  const words = Uint32Array.from({ length: 32 }, (_, i) => block.readUInt32LE(i * 4));
  v[24] = at(24) ^ counter;
  if (last) {
    v[28] = ~at(28);
    v[29] = ~at(29);
  }
  // a = a + b + word; d = (d ^ a) rotated to the right. Numbers of words, whose halves stand side by side.
  const mix = (a: number, b: number, d: number, rotate: number, word: number): void => {
    const low = at(2 * a) + at(2 * b) + (word < 0 ? 0 : (words[2 * word] ?? 0));
    const high =
      at(2 * a + 1) + at(2 * b + 1) + (word < 0 ? 0 : (words[2 * word + 1] ?? 0)) + Math.floor(low / 2 ** 32);
    v[2 * a] = low;
    v[2 * a + 1] = high;
    const [x, y] = [at(2 * d) ^ at(2 * a), at(2 * d + 1) ^ at(2 * a + 1)];
    const [first, second] = rotate < 32 ? [x, y] : [y, x];
    const bits = rotate % 32;
    v[2 * d] = bits === 0 ? first : (first >>> bits) | (second << (32 - bits));
    v[2 * d + 1] = bits === 0 ? second : (second >>> bits) | (first << (32 - bits));
  };
  for (let round = 0; round < 12; round++) {
    const order = SIGMA[round % 10] ?? [];
    for (const [lane, [a, b, c, d]] of LANES.entries()) {
      mix(a, b, d, 32, order[2 * lane] ?? 0);
      mix(c, d, b, 24, -1);
      mix(a, b, d, 16, order[2 * lane + 1] ?? 0);
      mix(c, d, b, 63, -1);
    }
  }
  for (let i = 0; i < 16; i++) state[i] = (state[i] ?? 0) ^ at(i) ^ at(i + 16);
}

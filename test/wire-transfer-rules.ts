/** The rules of `docs/wire-transfer.md` once more, with node:crypto and @noble/curves alone, in the plainest way: what a client or
 *  domain in another language would write. It shares no code with the packages.
 *  @module */
import { ristretto255, ristretto255_hasher } from "@noble/curves/ed25519.js";
import { createCipheriv } from "node:crypto";
import { scalarOf, uniformElement } from "./wire-form-rules.ts";
import { sha256 } from "./wire-rules.ts";

const { Point } = ristretto255;
const DST = "SluicePSIOTV1-HashToGroup-ristretto255_XMD:SHA-512_R255MAP_RO_";
/** Base transfers, and bits of a word. */
export const TRANSFERS = 624;

/** `value` as `width` bytes, big-endian. */
export function big(value: number, width: number): Buffer {
  const bytes = Buffer.alloc(width);
  bytes.writeUIntBE(value, 0, width);
  return bytes;
}

/** Bit `i`, lowest of the first byte first. */
export function bit(bytes: Uint8Array, i: number): number {
  return ((bytes[i >> 3] ?? 0) >> (i & 7)) & 1;
}

/** Adds bits to `to`. */
export function add(to: Uint8Array, bytes: Uint8Array): void {
  for (const [i, byte] of bytes.entries()) to[i] = (to[i] ?? 0) ^ byte;
}

/** Keystream of AES-CTR from a counter of 0. */
export function keystream(key: Uint8Array, length: number): Buffer {
  return createCipheriv(`aes-${8 * key.length}-ctr`, key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

/** The name of a session's binding, as frames have it. */
export function nameOf(binding: Buffer): Buffer {
  return sha256("sluice/psi/ot/id/v1", binding).subarray(0, 16);
}

function place(binding: Buffer, i: number, half: number): Buffer {
  return Buffer.concat([binding, big(i, 2), Buffer.of(half)]);
}

function hashTo(binding: Buffer, i: number, half: number, element: Uint8Array) {
  return ristretto255_hasher.hashToCurve(Buffer.concat([place(binding, i, half), element]), { DST });
}

/** Elements R_0 and R_1 of a choice. */
export function choose(binding: Buffer, i: number, choice: number, wideScalar: Buffer, wideElement: Buffer): Buffer {
  const other = uniformElement(wideElement);
  const own = Point.BASE.multiply(scalarOf(wideScalar)).subtract(hashTo(binding, i, choice, other));
  return Buffer.concat(choice === 0 ? [own.toBytes(), other] : [other, own.toBytes()]);
}

/** The answer to a pair, and both keys. */
export function answer(binding: Buffer, i: number, pair: Buffer, wideScalar: Buffer) {
  const scalar = scalarOf(wideScalar);
  const sent = Buffer.from(Point.BASE.multiply(scalar).toBytes());
  const keys = [0, 1].map((half) => {
    const [own, other] = [pair.subarray(32 * half, 32 * half + 32), pair.subarray(32 - 32 * half, 64 - 32 * half)];
    const shared = Point.fromBytes(own)
      .add(hashTo(binding, i, half, other))
      .multiply(scalar);
    return keyOf(binding, i, half, pair, sent, shared.toBytes());
  });
  return { sent, keys };
}

/** The key that was chosen. */
export function chosenKey(
  binding: Buffer,
  i: number,
  choice: number,
  wideScalar: Buffer,
  pair: Buffer,
  answered: Buffer,
): Buffer {
  const shared = Point.fromBytes(answered).multiply(scalarOf(wideScalar));
  return keyOf(binding, i, choice, pair, answered, shared.toBytes());
}

function keyOf(binding: Buffer, i: number, half: number, pair: Buffer, sent: Buffer, shared: Uint8Array): Buffer {
  return sha256("sluice/psi/ot/key/v1", place(binding, i, half), pair, sent, shared).subarray(0, 16);
}

/** Sizes of a session of one bin. */
export function sizesOf(items: number) {
  const sparse = Math.ceil((128 * items) / 100) + 96;
  const store = sparse + 32;
  return { bins: 1, items, rows: store, sparse, dense: 32, matrixRows: 128 * Math.ceil((store + 128) / 128) };
}

/** An entry's hash, and what it is made of. */
export function entryOf(entry: string, seed: Buffer) {
  const hash = sha256(sha256(entry), Buffer.of(1), seed.subarray(0, 22));
  const message = Buffer.from(hash.subarray(0, 17));
  message[16] = (message[16] ?? 0) & 15;
  const key = Buffer.from(hash.subarray(16));
  key[0] = (key[0] ?? 0) & 240;
  return { hash, message, key };
}

/** Rows of a store that a key reads. */
export function rowsOf(key: Buffer, seed: Buffer, { sparse }: { sparse: number }): number[] {
  const words = sipHash(seed.subarray(0, 16), Buffer.concat([key, Buffer.of(0)]));
  const scaled = (i: number, bound: number) => Number((BigInt(words.readUInt32LE(4 * i)) * BigInt(bound)) >> 32n);
  const a = scaled(0, sparse);
  const second = scaled(1, sparse - 1);
  const b = second >= a ? second + 1 : second;
  let c = scaled(2, sparse - 2);
  for (const taken of [Math.min(a, b), Math.max(a, b)]) if (c >= taken) c++;
  const dense = Array.from({ length: 32 }, (_, j) => sparse + j).filter((_, j) => bit(words.subarray(12), j) === 1);
  return [a, b, c, ...dense];
}

/** Sum of some rows. */
export function sumOf(rows: readonly Uint8Array[], which: readonly number[]): Buffer {
  const sum = Buffer.alloc(rows[0]?.length ?? 0);
  for (const row of which) add(sum, rows[row] ?? Buffer.alloc(0));
  return sum;
}

const MASK = 2n ** 64n - 1n;

/** SipHash-2-4 with 128 bits of output. */
function sipHash(key: Buffer, message: Buffer): Buffer {
  const [k0, k1] = [key.readBigUInt64LE(0), key.readBigUInt64LE(8)];
  let v0 = k0 ^ 0x736f6d6570736575n;
  let v1 = k1 ^ 0x646f72616e646f6dn ^ 0xeen;
  let v2 = k0 ^ 0x6c7967656e657261n;
  let v3 = k1 ^ 0x7465646279746573n;
  const rotated = (x: bigint, bits: bigint) => ((x << bits) | (x >> (64n - bits))) & MASK;
  const rounds = (count: number): void => {
    for (let i = 0; i < count; i++) {
      v0 = (v0 + v1) & MASK;
      v1 = rotated(v1, 13n) ^ v0;
      v0 = rotated(v0, 32n);
      v2 = (v2 + v3) & MASK;
      v3 = rotated(v3, 16n) ^ v2;
      v0 = (v0 + v3) & MASK;
      v3 = rotated(v3, 21n) ^ v0;
      v2 = (v2 + v1) & MASK;
      v1 = rotated(v1, 17n) ^ v2;
      v2 = rotated(v2, 32n);
    }
  };
  const padded = Buffer.alloc(8 * (Math.floor(message.length / 8) + 1));
  padded.set(message);
  padded[padded.length - 1] = message.length;
  for (let at = 0; at < padded.length; at += 8) {
    const word = padded.readBigUInt64LE(at);
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  }
  const out = Buffer.alloc(16);
  v2 ^= 0xeen;
  rounds(4);
  out.writeBigUInt64LE(v0 ^ v1 ^ v2 ^ v3, 0);
  v1 ^= 0xddn;
  rounds(4);
  out.writeBigUInt64LE(v0 ^ v1 ^ v2 ^ v3, 8);
  return out;
}

/** The word of a message. */
export function codeWord(message: Uint8Array): Buffer {
  const symbols = Array.from({ length: 11 }, (_, i) =>
    Array.from({ length: 12 }, (__, b) => bit(message, 12 * i + b) << b).reduce((sum, each) => sum | each),
  );
  const word = Buffer.alloc(78);
  for (let point = 0; point < 26; point++) {
    let value = 0;
    for (const symbol of symbols.toReversed()) {
      for (let i = 0; i < point; i++) value = remainder(value << 1, 0b1_0000_0101_0011);
      value ^= symbol;
    }
    const cyclic = (value << 11) | remainder(value << 11, 0b1010_1110_0011);
    const parity = Array.from({ length: 23 }, (_, b) => (cyclic >> b) & 1).reduce((sum, each) => sum ^ each);
    word.writeUIntLE(2 * cyclic + parity, 3 * point, 3);
  }
  return word;
}

/** Of polynomials over GF(2), whose coefficients are bits. */
function remainder(value: number, modulus: number): number {
  const degree = 31 - Math.clz32(modulus);
  let rest = value;
  for (let at = 31 - Math.clz32(rest); at >= degree; at = 31 - Math.clz32(rest)) rest ^= modulus << (at - degree);
  return rest;
}

/** Rows of `columns`, and columns of rows: bit i of each. */
export function transposed(columns: readonly Uint8Array[], count: number): Buffer[] {
  return Array.from({ length: count }, (_, i) => {
    const row = Buffer.alloc(Math.ceil(columns.length / 8));
    for (const [c, column] of columns.entries()) row[c >> 3] = (row[c >> 3] ?? 0) | (bit(column, i) << (c & 7));
    return row;
  });
}

/** Combinations of a store's rows, each with its masking row. */
export function combinations(rows: readonly Uint8Array[], store: number, transcript: Buffer): Buffer[] {
  const coefficients = keystream(sha256("sluice/psi/ot/check/v1", transcript).subarray(0, 16), 16 * store);
  return Array.from({ length: 128 }, (_, l) => {
    const which = Array.from({ length: store }, (__, r) => r).filter((r) => bit(coefficients, 128 * r + l) === 1);
    return sumOf(rows, [...which, store + l]);
  });
}

/** The tag of an entry with a value. */
export function tagOfValue(hash: Buffer, value: Buffer): string {
  return sha256(hash, value, Buffer.of(2)).subarray(0, 12).toString("hex");
}

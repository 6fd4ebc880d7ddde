/** What FF1 (NIST SP 800-38G, method FF1; domains as in revision 1) computes once for all values of one radix, length and
 *  tweak: the sizes of the halves and the state of the CBC-MAC before its last block.
 *  @module */
import type { Bytes } from "@sluice/protocol";
import { BLOCK_BYTES, type BlockCipher } from "./block-cipher.ts";

/** Rounds of the Feistel network. */
export const FF1_ROUNDS = 10;
/** Fewest values of a domain: revision 1 of the standard refuses smaller ones, which could be tried out or guessed. */
export const MIN_FF1_DOMAIN = 1_000_000;
/** Largest radix of the standard. */
export const MAX_FF1_RADIX = 65_536;
/** Most numerals of a value. The standard allows 2^32; nothing here is that long. */
export const MAX_FF1_LENGTH = 1_024;
/** Longest tweak in bytes: the standard leaves the bound to the implementer. */
export const MAX_FF1_TWEAK_BYTES = 1_024;

/** One instance of FF1: a permutation of the strings of `length` numerals below `radix`. */
export interface Ff1Options {
  readonly radix: number;
  readonly length: number;
  /** Public; another tweak is another permutation. */
  readonly tweak: Bytes;
}

/** Names as in the standard, Algorithm 7. */
export interface Ff1Setting {
  /** Numerals of the left half. */
  readonly u: number;
  /** Numerals of the right half. */
  readonly v: number;
  /** Bytes of a half as a number. */
  readonly b: number;
  /** Bytes of a round's pseudorandom number. */
  readonly d: number;
  /** Radix to the power of `u`. */
  readonly leftSize: bigint;
  /** Radix to the power of `v`. */
  readonly rightSize: bigint;
  /** What the last block of each round is added to: it ends in the round's number and a half of `b` bytes. When the
   *  variable part does not fit into one block, it begins with whole blocks of that part: see `Ff1Numerals`. */
  readonly state: Uint8Array;
}

/** @throws RangeError when the radix, the length or the tweak is out of bounds or the domain has under a million values. */
export function ff1Setting(cipher: BlockCipher, { radix, length, tweak }: Ff1Options): Ff1Setting {
  if (!Number.isInteger(radix) || radix < 2 || radix > MAX_FF1_RADIX) {
    throw new RangeError(`a radix of FF1 is 2 to ${MAX_FF1_RADIX}`);
  }
  if (!Number.isInteger(length) || length < 2 || length > MAX_FF1_LENGTH) {
    throw new RangeError(`a value of FF1 has 2 to ${MAX_FF1_LENGTH} numerals`);
  }
  if (tweak.length > MAX_FF1_TWEAK_BYTES) throw new RangeError(`a tweak has at most ${MAX_FF1_TWEAK_BYTES} bytes`);
  const u = Math.floor(length / 2);
  const v = length - u;
  const leftSize = BigInt(radix) ** BigInt(u);
  const rightSize = BigInt(radix) ** BigInt(v);
  if (leftSize * rightSize < BigInt(MIN_FF1_DOMAIN)) {
    throw new RangeError(`a domain of FF1 has at least ${MIN_FF1_DOMAIN} values`);
  }
  const b = Math.ceil((rightSize - 1n).toString(2).length / 8);
  const d = 4 * Math.ceil(b / 4) + 4;
  return { u, v, b, d, leftSize, rightSize, state: chainPrefix(cipher, { radix, length, u, b, tweak }) };
}

/** CBC-MAC over P and those whole blocks of Q that hold nothing but the tweak and zeros. */
function chainPrefix(
  cipher: BlockCipher,
  { radix, length, u, b, tweak }: { radix: number; length: number; u: number; b: number; tweak: Bytes },
): Uint8Array {
  const p = new Uint8Array(BLOCK_BYTES);
  const fields = new DataView(p.buffer);
  p.set([1, 2, 1, radix >>> 16, (radix >>> 8) & 0xff, radix & 0xff, FF1_ROUNDS, u % 256]);
  fields.setUint32(8, length);
  fields.setUint32(12, tweak.length);
  // Q ends with the round's number and the half; before them are the tweak and zeros up to a whole number of blocks.
  const total = Math.ceil((tweak.length + 1 + b) / BLOCK_BYTES) * BLOCK_BYTES;
  const fixed = Math.floor((total - 1 - b) / BLOCK_BYTES) * BLOCK_BYTES;
  const q = new Uint8Array(total);
  q.set(tweak);
  let state = cipher.encrypt(p);
  for (let at = 0; at < fixed; at += BLOCK_BYTES) {
    state = cipher.encrypt(xor(state, q.subarray(at, at + BLOCK_BYTES)));
  }
  const first = q.subarray(fixed, fixed + BLOCK_BYTES);
  return Uint8Array.from([...xor(state, first), ...q.subarray(fixed + BLOCK_BYTES)]);
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ (b[i] ?? 0));
}

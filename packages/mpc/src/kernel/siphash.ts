/** SipHash-2-4 with 128 bits of output, of a key of 16 bytes and one byte that says for what: where a key's rows lie, and its bin.
 *  A family of functions that nobody tells from random ones before the seed is drawn, which is all that a store needs;
 *  the seed is public. In 32-bit halves; the reference of the kernel (packages/mpc/wasm/assembly/psi-place.ts).
 *  @see https://www.aumasson.jp/siphash/siphash.pdf
 *  @module */
import type { Bytes } from "@sluice/protocol";

/** Words of an output. */
const HASH_WORDS = 4;

/** The last byte of the message: what an output is for. */
export const PURPOSE = { rows: 0, bins: 1 } as const;

/** A key and its purpose. */
const MESSAGE_BYTES = 17;
/** v0 … v3 before the key, halves from the low one. */
const START = Uint32Array.of(
  0x70736575,
  0x736f6d65,
  0x6e646f6d,
  0x646f7261,
  0x6e657261,
  0x6c796765,
  0x79746573,
  0x74656462,
);

/** The output for one key and a purpose, four little-endian words. */
export function sipHash(seed: Bytes, key: Bytes, purpose: number): Uint32Array {
  const k = words(seed);
  const m = words(key);
  const out = new Uint32Array(HASH_WORDS);
  const v = Uint32Array.from(START, (word, i) => word ^ (k[i & 3] ?? 0));
  // 128 bits of output.
  v[2] = (v[2] ?? 0) ^ 0xee;
  absorb(v, m[0] ?? 0, m[1] ?? 0);
  absorb(v, m[2] ?? 0, m[3] ?? 0);
  absorb(v, purpose, MESSAGE_BYTES << 24);
  v[4] = (v[4] ?? 0) ^ 0xee;
  squeeze(v, out, 0);
  v[2] = (v[2] ?? 0) ^ 0xdd;
  squeeze(v, out, 2);
  return out;
}

function absorb(v: Uint32Array, low: number, high: number): void {
  v[6] = (v[6] ?? 0) ^ low;
  v[7] = (v[7] ?? 0) ^ high;
  round(v);
  round(v);
  v[0] = (v[0] ?? 0) ^ low;
  v[1] = (v[1] ?? 0) ^ high;
}

function squeeze(v: Uint32Array, out: Uint32Array, at: number): void {
  for (let i = 0; i < 4; i++) round(v);
  for (let half = 0; half < 2; half++) {
    out[at + half] = (v[half] ?? 0) ^ (v[2 + half] ?? 0) ^ (v[4 + half] ?? 0) ^ (v[6 + half] ?? 0);
  }
}

function round(v: Uint32Array): void {
  mix(v, 0, 2, 13);
  rotate(v, 0, 32);
  mix(v, 4, 6, 16);
  mix(v, 0, 6, 21);
  mix(v, 4, 2, 17);
  rotate(v, 4, 32);
}

/** a += b; b = (b rotated) ^ a. */
function mix(v: Uint32Array, a: number, b: number, bits: number): void {
  const low = (v[a] ?? 0) + (v[b] ?? 0);
  v[a] = low;
  v[a + 1] = (v[a + 1] ?? 0) + (v[b + 1] ?? 0) + (low > 0xffffffff ? 1 : 0);
  rotate(v, b, bits);
  v[b] = (v[b] ?? 0) ^ (v[a] ?? 0);
  v[b + 1] = (v[b + 1] ?? 0) ^ (v[a + 1] ?? 0);
}

/** Rotates to the left, by 1 … 32. */
function rotate(v: Uint32Array, at: number, bits: number): void {
  const low = v[at] ?? 0;
  const high = v[at + 1] ?? 0;
  v[at] = bits === 32 ? high : (low << bits) | (high >>> (32 - bits));
  v[at + 1] = bits === 32 ? low : (high << bits) | (low >>> (32 - bits));
}

function words(bytes: Bytes): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Uint32Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, true));
}

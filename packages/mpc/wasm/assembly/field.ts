/** Arithmetic modulo p = 2^255 - 19: ten signed limbs of 26 and 25 bits in turn (Bernstein, 2006, §4), each element 40 bytes of
 *  memory. Nothing here branches on a value or takes an address from one.
 *  The sums of products are written out: a loop over limbs is five times slower.
 *  @module */

/** Bytes of an element. */
export const FE_BYTES: usize = 40;

/** out = f. */
export function copy(out: usize, f: usize): void {
  memory.copy(out, f, FE_BYTES);
}

/** out = value, of at most 25 bits. */
export function small(out: usize, value: i32): void {
  memory.fill(out, 0, FE_BYTES);
  store<i32>(out, value);
}

/** out = f + g, without a carry. */
export function add(out: usize, f: usize, g: usize): void {
  for (let i: usize = 0; i < FE_BYTES; i += 4) store<i32>(out + i, load<i32>(f + i) + load<i32>(g + i));
}

/** out = f - g, without a carry. */
export function sub(out: usize, f: usize, g: usize): void {
  for (let i: usize = 0; i < FE_BYTES; i += 4) store<i32>(out + i, load<i32>(f + i) - load<i32>(g + i));
}

/** out = -f. */
export function negate(out: usize, f: usize): void {
  for (let i: usize = 0; i < FE_BYTES; i += 4) store<i32>(out + i, -load<i32>(f + i));
}

/** out = f · g. Limbs of the factors stay below 2^27: sums of two products, or a difference and a sum, do. */
export function mul(out: usize, f: usize, g: usize): void {
  const f0 = load<i32>(f, 0) as i64;
  const f1 = load<i32>(f, 4) as i64;
  const f2 = load<i32>(f, 8) as i64;
  const f3 = load<i32>(f, 12) as i64;
  const f4 = load<i32>(f, 16) as i64;
  const f5 = load<i32>(f, 20) as i64;
  const f6 = load<i32>(f, 24) as i64;
  const f7 = load<i32>(f, 28) as i64;
  const f8 = load<i32>(f, 32) as i64;
  const f9 = load<i32>(f, 36) as i64;
  const g0 = load<i32>(g, 0) as i64;
  const g1 = load<i32>(g, 4) as i64;
  const g2 = load<i32>(g, 8) as i64;
  const g3 = load<i32>(g, 12) as i64;
  const g4 = load<i32>(g, 16) as i64;
  const g5 = load<i32>(g, 20) as i64;
  const g6 = load<i32>(g, 24) as i64;
  const g7 = load<i32>(g, 28) as i64;
  const g8 = load<i32>(g, 32) as i64;
  const g9 = load<i32>(g, 36) as i64;
  const g1w = g1 * 19;
  const g2w = g2 * 19;
  const g3w = g3 * 19;
  const g4w = g4 * 19;
  const g5w = g5 * 19;
  const g6w = g6 * 19;
  const g7w = g7 * 19;
  const g8w = g8 * 19;
  const g9w = g9 * 19;
  const f1d = f1 * 2;
  const f3d = f3 * 2;
  const f5d = f5 * 2;
  const f7d = f7 * 2;
  const f9d = f9 * 2;
  let h0: i64 =
    f0 * g0 + f1d * g9w + f2 * g8w + f3d * g7w + f4 * g6w + f5d * g5w + f6 * g4w + f7d * g3w + f8 * g2w + f9d * g1w;
  let h1: i64 =
    f0 * g1 + f1 * g0 + f2 * g9w + f3 * g8w + f4 * g7w + f5 * g6w + f6 * g5w + f7 * g4w + f8 * g3w + f9 * g2w;
  let h2: i64 =
    f0 * g2 + f1d * g1 + f2 * g0 + f3d * g9w + f4 * g8w + f5d * g7w + f6 * g6w + f7d * g5w + f8 * g4w + f9d * g3w;
  let h3: i64 = f0 * g3 + f1 * g2 + f2 * g1 + f3 * g0 + f4 * g9w + f5 * g8w + f6 * g7w + f7 * g6w + f8 * g5w + f9 * g4w;
  let h4: i64 =
    f0 * g4 + f1d * g3 + f2 * g2 + f3d * g1 + f4 * g0 + f5d * g9w + f6 * g8w + f7d * g7w + f8 * g6w + f9d * g5w;
  let h5: i64 = f0 * g5 + f1 * g4 + f2 * g3 + f3 * g2 + f4 * g1 + f5 * g0 + f6 * g9w + f7 * g8w + f8 * g7w + f9 * g6w;
  let h6: i64 =
    f0 * g6 + f1d * g5 + f2 * g4 + f3d * g3 + f4 * g2 + f5d * g1 + f6 * g0 + f7d * g9w + f8 * g8w + f9d * g7w;
  let h7: i64 = f0 * g7 + f1 * g6 + f2 * g5 + f3 * g4 + f4 * g3 + f5 * g2 + f6 * g1 + f7 * g0 + f8 * g9w + f9 * g8w;
  let h8: i64 = f0 * g8 + f1d * g7 + f2 * g6 + f3d * g5 + f4 * g4 + f5d * g3 + f6 * g2 + f7d * g1 + f8 * g0 + f9d * g9w;
  let h9: i64 = f0 * g9 + f1 * g8 + f2 * g7 + f3 * g6 + f4 * g5 + f5 * g4 + f6 * g3 + f7 * g2 + f8 * g1 + f9 * g0;
  let c: i64;
  c = (h0 + 0x2000000) >> 26;
  h1 += c;
  h0 -= c << 26;
  c = (h4 + 0x2000000) >> 26;
  h5 += c;
  h4 -= c << 26;
  c = (h1 + 0x1000000) >> 25;
  h2 += c;
  h1 -= c << 25;
  c = (h5 + 0x1000000) >> 25;
  h6 += c;
  h5 -= c << 25;
  c = (h2 + 0x2000000) >> 26;
  h3 += c;
  h2 -= c << 26;
  c = (h6 + 0x2000000) >> 26;
  h7 += c;
  h6 -= c << 26;
  c = (h3 + 0x1000000) >> 25;
  h4 += c;
  h3 -= c << 25;
  c = (h7 + 0x1000000) >> 25;
  h8 += c;
  h7 -= c << 25;
  c = (h4 + 0x2000000) >> 26;
  h5 += c;
  h4 -= c << 26;
  c = (h8 + 0x2000000) >> 26;
  h9 += c;
  h8 -= c << 26;
  c = (h9 + 0x1000000) >> 25;
  h0 += c * 19;
  h9 -= c << 25;
  c = (h0 + 0x2000000) >> 26;
  h1 += c;
  h0 -= c << 26;
  store<i32>(out, h0 as i32, 0);
  store<i32>(out, h1 as i32, 4);
  store<i32>(out, h2 as i32, 8);
  store<i32>(out, h3 as i32, 12);
  store<i32>(out, h4 as i32, 16);
  store<i32>(out, h5 as i32, 20);
  store<i32>(out, h6 as i32, 24);
  store<i32>(out, h7 as i32, 28);
  store<i32>(out, h8 as i32, 32);
  store<i32>(out, h9 as i32, 36);
}

/** out = f · f. */
export function square(out: usize, f: usize): void {
  const f0 = load<i32>(f, 0) as i64;
  const f1 = load<i32>(f, 4) as i64;
  const f2 = load<i32>(f, 8) as i64;
  const f3 = load<i32>(f, 12) as i64;
  const f4 = load<i32>(f, 16) as i64;
  const f5 = load<i32>(f, 20) as i64;
  const f6 = load<i32>(f, 24) as i64;
  const f7 = load<i32>(f, 28) as i64;
  const f8 = load<i32>(f, 32) as i64;
  const f9 = load<i32>(f, 36) as i64;
  const f0d = f0 * 2;
  const f1d = f1 * 2;
  const f2d = f2 * 2;
  const f3d = f3 * 2;
  const f4d = f4 * 2;
  const f5d = f5 * 2;
  const f6d = f6 * 2;
  const f7d = f7 * 2;
  const f8d = f8 * 2;
  const f9d = f9 * 2;
  const f5w = f5 * 19;
  const f6w = f6 * 19;
  const f7w = f7 * 19;
  const f8w = f8 * 19;
  const f9w = f9 * 19;
  const f5v = f5 * 38;
  const f7v = f7 * 38;
  const f9v = f9 * 38;
  let h0: i64 = f0 * f0 + f1d * f9v + f2d * f8w + f3d * f7v + f4d * f6w + f5d * f5w;
  let h1: i64 = f0d * f1 + f2d * f9w + f3d * f8w + f4d * f7w + f5d * f6w;
  let h2: i64 = f0d * f2 + f1d * f1 + f3d * f9v + f4d * f8w + f5d * f7v + f6 * f6w;
  let h3: i64 = f0d * f3 + f1d * f2 + f4d * f9w + f5d * f8w + f6d * f7w;
  let h4: i64 = f0d * f4 + f1d * f3d + f2 * f2 + f5d * f9v + f6d * f8w + f7d * f7w;
  let h5: i64 = f0d * f5 + f1d * f4 + f2d * f3 + f6d * f9w + f7d * f8w;
  let h6: i64 = f0d * f6 + f1d * f5d + f2d * f4 + f3d * f3 + f7d * f9v + f8 * f8w;
  let h7: i64 = f0d * f7 + f1d * f6 + f2d * f5 + f3d * f4 + f8d * f9w;
  let h8: i64 = f0d * f8 + f1d * f7d + f2d * f6 + f3d * f5d + f4 * f4 + f9d * f9w;
  let h9: i64 = f0d * f9 + f1d * f8 + f2d * f7 + f3d * f6 + f4d * f5;
  let c: i64;
  c = (h0 + 0x2000000) >> 26;
  h1 += c;
  h0 -= c << 26;
  c = (h4 + 0x2000000) >> 26;
  h5 += c;
  h4 -= c << 26;
  c = (h1 + 0x1000000) >> 25;
  h2 += c;
  h1 -= c << 25;
  c = (h5 + 0x1000000) >> 25;
  h6 += c;
  h5 -= c << 25;
  c = (h2 + 0x2000000) >> 26;
  h3 += c;
  h2 -= c << 26;
  c = (h6 + 0x2000000) >> 26;
  h7 += c;
  h6 -= c << 26;
  c = (h3 + 0x1000000) >> 25;
  h4 += c;
  h3 -= c << 25;
  c = (h7 + 0x1000000) >> 25;
  h8 += c;
  h7 -= c << 25;
  c = (h4 + 0x2000000) >> 26;
  h5 += c;
  h4 -= c << 26;
  c = (h8 + 0x2000000) >> 26;
  h9 += c;
  h8 -= c << 26;
  c = (h9 + 0x1000000) >> 25;
  h0 += c * 19;
  h9 -= c << 25;
  c = (h0 + 0x2000000) >> 26;
  h1 += c;
  h0 -= c << 26;
  store<i32>(out, h0 as i32, 0);
  store<i32>(out, h1 as i32, 4);
  store<i32>(out, h2 as i32, 8);
  store<i32>(out, h3 as i32, 12);
  store<i32>(out, h4 as i32, 16);
  store<i32>(out, h5 as i32, 20);
  store<i32>(out, h6 as i32, 24);
  store<i32>(out, h7 as i32, 28);
  store<i32>(out, h8 as i32, 32);
  store<i32>(out, h9 as i32, 36);
}

/** out = f^(2^count). `out` and `f` may be one. */
export function squares(out: usize, f: usize, count: i32): void {
  square(out, f);
  for (let i = 1; i < count; i++) square(out, out);
}

/** Reads 32 little-endian bytes; the highest bit is left out. */
export function fromBytes(out: usize, bytes: usize): void {
  const a = load<u64>(bytes);
  const b = load<u64>(bytes, 8);
  const c = load<u64>(bytes, 16);
  const d = load<u64>(bytes, 24);
  store<u32>(out, (a & MASK26) as u32, 0);
  store<u32>(out, ((a >> 26) & MASK25) as u32, 4);
  store<u32>(out, (((a >> 51) | (b << 13)) & MASK26) as u32, 8);
  store<u32>(out, ((b >> 13) & MASK25) as u32, 12);
  store<u32>(out, (b >> 38) as u32, 16);
  store<u32>(out, (c & MASK25) as u32, 20);
  store<u32>(out, ((c >> 25) & MASK26) as u32, 24);
  store<u32>(out, (((c >> 51) | (d << 13)) & MASK25) as u32, 28);
  store<u32>(out, ((d >> 12) & MASK26) as u32, 32);
  store<u32>(out, ((d >> 38) & MASK25) as u32, 36);
}

/** Writes the one encoding below p. `f` is a product, or a sum or difference of two. */
export function toBytes(bytes: usize, f: usize): void {
  let h = (load<i32>(f) as i64) + 19 * (multiples(f) as i64);
  const h0 = h & MASK26;
  h = (load<i32>(f, 4) as i64) + (h >> 26);
  const h1 = h & MASK25;
  h = (load<i32>(f, 8) as i64) + (h >> 25);
  const h2 = h & MASK26;
  h = (load<i32>(f, 12) as i64) + (h >> 26);
  const h3 = h & MASK25;
  h = (load<i32>(f, 16) as i64) + (h >> 25);
  const h4 = h & MASK26;
  h = (load<i32>(f, 20) as i64) + (h >> 26);
  const h5 = h & MASK25;
  h = (load<i32>(f, 24) as i64) + (h >> 25);
  const h6 = h & MASK26;
  h = (load<i32>(f, 28) as i64) + (h >> 26);
  const h7 = h & MASK25;
  h = (load<i32>(f, 32) as i64) + (h >> 25);
  const h8 = h & MASK26;
  h = (load<i32>(f, 36) as i64) + (h >> 26);
  const h9 = h & MASK25;
  store<i64>(bytes, h0 | (h1 << 26) | (h2 << 51), 0);
  store<i64>(bytes, (h2 >> 13) | (h3 << 13) | (h4 << 38), 8);
  store<i64>(bytes, h5 | (h6 << 25) | (h7 << 51), 16);
  store<i64>(bytes, (h7 >> 13) | (h8 << 12) | (h9 << 38), 24);
}

const MASK26: i64 = (1 << 26) - 1;
const MASK25: i64 = (1 << 25) - 1;

/** How often p must be taken from f: the carry that 19 more would send out of the top (the same estimate as in ref10). */
function multiples(f: usize): i32 {
  let q: i32 = (19 * load<i32>(f, 36) + (1 << 24)) >> 25;
  q = (load<i32>(f) + q) >> 26;
  q = (load<i32>(f, 4) + q) >> 25;
  q = (load<i32>(f, 8) + q) >> 26;
  q = (load<i32>(f, 12) + q) >> 25;
  q = (load<i32>(f, 16) + q) >> 26;
  q = (load<i32>(f, 20) + q) >> 25;
  q = (load<i32>(f, 24) + q) >> 26;
  q = (load<i32>(f, 28) + q) >> 25;
  q = (load<i32>(f, 32) + q) >> 26;
  return (load<i32>(f, 36) + q) >> 25;
}

/** 1 when the encoding of f is odd, which RFC 9496 calls negative, otherwise 0. `f` as for `toBytes`. */
export function isNegative(f: usize): i32 {
  return (load<i32>(f) + multiples(f)) & 1;
}

/** 1 when f is 0 modulo p, otherwise 0. `f` as for `toBytes`; `work` has 32 bytes. */
export function isZero(f: usize, work: usize): i32 {
  toBytes(work, f);
  const bits = load<u64>(work) | load<u64>(work, 8) | load<u64>(work, 16) | load<u64>(work, 24);
  return (((bits | (0 - bits)) >> 63) ^ 1) as i32;
}

/** out = f when `flag` is 1; out stays when it is 0. Memory is read and written alike. */
export function choose(out: usize, f: usize, flag: i32): void {
  const mask = -flag;
  for (let i: usize = 0; i < FE_BYTES; i += 4) {
    const old = load<i32>(out + i);
    store<i32>(out + i, old ^ ((old ^ load<i32>(f + i)) & mask));
  }
}

/** out = -out when `flag` is 1; it stays when it is 0. */
export function negateIf(out: usize, flag: i32): void {
  const mask = -flag;
  for (let i: usize = 0; i < FE_BYTES; i += 4) store<i32>(out + i, (load<i32>(out + i) ^ mask) - mask);
}

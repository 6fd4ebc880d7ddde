/** Transposes a matrix of bits, 128 by 128 at a time: three stages of bits, then 16 by 16 bytes in two of radix four.
 *  Bit r & 7 of byte r >> 3 of a column is row r; the same of a row is its column.
 *  @module */

@inline
function lows(a: v128, b: v128): v128 {
  return v128.shuffle<u8>(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

@inline
function highs(a: v128, b: v128): v128 {
  return v128.shuffle<u8>(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

// Two stages of a transpose of 16 by 16 bytes: vectors at `from`, `step` bytes apart.
@inline
function interleave(from: usize, to: usize, step: usize): void {
  for (let i: usize = 0; i < 4; i++) {
    const at = from + (i << 4);
    const a = v128.load(at);
    const b = v128.load(at, 64);
    const c = v128.load(at, 128);
    const d = v128.load(at, 192);
    const ac = lows(a, c);
    const ca = highs(a, c);
    const bd = lows(b, d);
    const db = highs(b, d);
    const out = to + (i << 2) * step;
    v128.store(out, lows(ac, bd));
    v128.store(out + step, highs(ac, bd));
    v128.store(out + 2 * step, lows(ca, db));
    v128.store(out + 3 * step, highs(ca, db));
  }
}

// 8 columns to vectors of rows r, r + 8, …: bit c & 7 of byte r >> 3. Vector r & 7 goes to `to + 256 · (r & 7)`.
@inline
function columnsOf8(from: usize, stride: usize, to: usize): void {
  const m1 = i8x16.splat(0x55);
  const m2 = i8x16.splat(0x33);
  const m4 = i8x16.splat(0x0f);
  let a = v128.load(from);
  let b = v128.load(from + stride);
  let c = v128.load(from + 2 * stride);
  let d = v128.load(from + 3 * stride);
  let e = v128.load(from + 4 * stride);
  let f = v128.load(from + 5 * stride);
  let g = v128.load(from + 6 * stride);
  let h = v128.load(from + 7 * stride);
  let t = v128.and(v128.xor(i64x2.shr_u(a, 1), b), m1);
  b = v128.xor(b, t);
  a = v128.xor(a, i64x2.shl(t, 1));
  t = v128.and(v128.xor(i64x2.shr_u(c, 1), d), m1);
  d = v128.xor(d, t);
  c = v128.xor(c, i64x2.shl(t, 1));
  t = v128.and(v128.xor(i64x2.shr_u(e, 1), f), m1);
  f = v128.xor(f, t);
  e = v128.xor(e, i64x2.shl(t, 1));
  t = v128.and(v128.xor(i64x2.shr_u(g, 1), h), m1);
  h = v128.xor(h, t);
  g = v128.xor(g, i64x2.shl(t, 1));
  t = v128.and(v128.xor(i64x2.shr_u(a, 2), c), m2);
  c = v128.xor(c, t);
  a = v128.xor(a, i64x2.shl(t, 2));
  t = v128.and(v128.xor(i64x2.shr_u(b, 2), d), m2);
  d = v128.xor(d, t);
  b = v128.xor(b, i64x2.shl(t, 2));
  t = v128.and(v128.xor(i64x2.shr_u(e, 2), g), m2);
  g = v128.xor(g, t);
  e = v128.xor(e, i64x2.shl(t, 2));
  t = v128.and(v128.xor(i64x2.shr_u(f, 2), h), m2);
  h = v128.xor(h, t);
  f = v128.xor(f, i64x2.shl(t, 2));
  t = v128.and(v128.xor(i64x2.shr_u(a, 4), e), m4);
  v128.store(to + 4 * 256, v128.xor(e, t));
  v128.store(to, v128.xor(a, i64x2.shl(t, 4)));
  t = v128.and(v128.xor(i64x2.shr_u(b, 4), f), m4);
  v128.store(to + 5 * 256, v128.xor(f, t));
  v128.store(to + 256, v128.xor(b, i64x2.shl(t, 4)));
  t = v128.and(v128.xor(i64x2.shr_u(c, 4), g), m4);
  v128.store(to + 6 * 256, v128.xor(g, t));
  v128.store(to + 2 * 256, v128.xor(c, i64x2.shl(t, 4)));
  t = v128.and(v128.xor(i64x2.shr_u(d, 4), h), m4);
  v128.store(to + 7 * 256, v128.xor(h, t));
  v128.store(to + 3 * 256, v128.xor(d, i64x2.shl(t, 4)));
}

/** `rows` rows, a multiple of 128, of `columns` bits, a multiple of 8, at `to`, `rowStride` bytes apart: a row is filled up
 *  with zeros to a multiple of 16 bytes. Column c begins at `from + c · columnStride`. `scratch` has 2,304 bytes. */
export function transpose(
  to: usize,
  rowStride: usize,
  from: usize,
  columnStride: usize,
  columns: usize,
  rows: usize,
  scratch: usize,
): void {
  const step = scratch + 2048;
  for (let row: usize = 0; row < rows; row += 128) {
    for (let first: usize = 0; first < columns; first += 128) {
      const groups = min(columns - first, 128) >> 3;
      for (let group: usize = 0; group < groups; group++) {
        const column = first + (group << 3);
        columnsOf8(from + column * columnStride + (row >> 3), columnStride, scratch + (group << 4));
      }
      for (let group: usize = groups; group < 16; group++) {
        for (let i: usize = 0; i < 8; i++) v128.store(scratch + (i << 8) + (group << 4), i64x2.splat(0));
      }
      for (let i: usize = 0; i < 8; i++) {
        interleave(scratch + (i << 8), step, 16);
        interleave(step, to + (row + i) * rowStride + (first >> 3), rowStride << 3);
      }
    }
  }
}

/** The group ristretto255 (RFC 9496): decoding, sums, encoding. A point is four field elements
 *  X, Y, Z, T of the twisted Edwards curve -x² + y² = 1 + d x² y²; the addition formulas are complete (Hisil and others, 2008).
 *  @module */
import {
  add,
  choose,
  copy,
  FE_BYTES,
  fromBytes,
  isNegative,
  isZero,
  mul,
  negate,
  negateIf,
  small,
  square,
  squares,
  sub,
  toBytes,
} from "./field";

/** Bytes of a point X, Y, Z, T. */
export const POINT_BYTES: usize = 4 * FE_BYTES;
/** Bytes of a term: Y + X, Y - X, 2d · T of a point with Z = 1. */
export const TERM_BYTES: usize = 3 * FE_BYTES;
/** Bytes of the constants: d, 2d, √-1, 1/√(-1 - d), 1 - d², (d - 1)², √(-d - 1) (RFC 9496 §4.1). */
export const CONSTANT_BYTES: usize = 7 * FE_BYTES;
/** Field elements of scratch memory that the functions here need. */
export const SCRATCH_BYTES: usize = 16 * FE_BYTES;

export const D: usize = 0;
export const D2: usize = FE_BYTES;
export const SQRT_M1: usize = 2 * FE_BYTES;
export const INVSQRT_A_MINUS_D: usize = 3 * FE_BYTES;

export const X: usize = 0;
export const Y: usize = FE_BYTES;
export const Z: usize = 2 * FE_BYTES;
export const T: usize = 3 * FE_BYTES;

/** point = the identity. */
export function identity(point: usize): void {
  small(point + X, 0);
  small(point + Y, 1);
  small(point + Z, 1);
  small(point + T, 0);
}

/** out = f^((p - 5) / 8). `s` has three elements; none of them is `out` or `f`. */
function power58(out: usize, f: usize, s: usize): void {
  const t0 = s;
  const t1 = s + FE_BYTES;
  const t2 = s + 2 * FE_BYTES;
  square(t0, f);
  squares(t1, t0, 2);
  mul(t1, f, t1);
  mul(t0, t0, t1);
  square(t0, t0);
  mul(t0, t1, t0); // f^(2^5 - 1)
  squares(t1, t0, 5);
  mul(t0, t1, t0); // 2^10 - 1
  squares(t1, t0, 10);
  mul(t1, t1, t0); // 2^20 - 1
  squares(t2, t1, 20);
  mul(t1, t2, t1); // 2^40 - 1
  squares(t1, t1, 10);
  mul(t0, t1, t0); // 2^50 - 1
  squares(t1, t0, 50);
  mul(t1, t1, t0); // 2^100 - 1
  squares(t2, t1, 100);
  mul(t1, t2, t1); // 2^200 - 1
  squares(t1, t1, 50);
  mul(t0, t1, t0); // 2^250 - 1
  squares(t0, t0, 2);
  mul(out, t0, f);
}

/** out = f^(p - 2): the inverse, or 0. `s` has four elements; none of them is `out` or `f`. */
export function invert(out: usize, f: usize, s: usize): void {
  const cube = s + 3 * FE_BYTES;
  square(cube, f);
  mul(cube, cube, f);
  power58(out, f, s);
  squares(out, out, 3);
  mul(out, out, cube);
}

/** out = √(u/v), or √(√-1 · u/v), not negative; 1 when u/v is a square, otherwise 0 (RFC 9496 §4.2). `s` has seven elements; none of
 *  them is `out`, `u` or `v`. */
export function squareRootOfRatio(out: usize, u: usize, v: usize, constants: usize, s: usize): i32 {
  const v3 = s + 3 * FE_BYTES;
  const r = s + 4 * FE_BYTES;
  const check = s + 5 * FE_BYTES;
  const other = s + 6 * FE_BYTES;
  square(v3, v);
  mul(v3, v3, v);
  square(r, v3);
  mul(r, r, v); // v^7
  mul(r, r, u);
  power58(check, r, s);
  mul(r, check, v3);
  mul(r, r, u);
  square(check, r);
  mul(check, check, v);
  sub(other, check, u);
  const isRoot = isZero(other, s);
  add(other, check, u);
  const isMinusRoot = isZero(other, s);
  mul(other, u, constants + SQRT_M1);
  add(other, check, other);
  const isOtherRoot = isZero(other, s);
  mul(other, r, constants + SQRT_M1);
  choose(r, other, isMinusRoot | isOtherRoot);
  negateIf(r, isNegative(r));
  copy(out, r);
  return isRoot | isMinusRoot;
}

/** Decodes 32 bytes into a term (RFC 9496 §4.3.1); false when they are no canonical encoding. The identity decodes. Times depend on the
 *  bytes, which are public. */
export function decode(term: usize, bytes: usize, constants: usize, scratch: usize): bool {
  const s = scratch;
  const x = scratch + 7 * FE_BYTES;
  const y = scratch + 8 * FE_BYTES;
  const u1 = scratch + 9 * FE_BYTES;
  const u2 = scratch + 10 * FE_BYTES;
  const v = scratch + 11 * FE_BYTES;
  const root = scratch + 12 * FE_BYTES;
  const value = scratch + 13 * FE_BYTES;
  const square2 = scratch + 14 * FE_BYTES;
  const one = scratch + 15 * FE_BYTES;
  fromBytes(value, bytes);
  toBytes(s, value);
  if (memory.compare(s, bytes, 32) != 0 || (load<u8>(bytes) & 1) != 0) return false;
  small(one, 1);
  square(v, value);
  sub(u1, one, v);
  add(u2, one, v);
  square(square2, u2);
  square(v, u1);
  mul(v, v, constants + D);
  negate(v, v);
  sub(v, v, square2);
  mul(y, v, square2);
  const isSquare = squareRootOfRatio(root, one, y, constants, s);
  mul(x, root, u2); // den_x
  mul(y, root, x);
  mul(y, y, v); // den_y
  mul(y, y, u1);
  mul(x, x, value);
  add(x, x, x);
  mul(x, x, one);
  negateIf(x, isNegative(x));
  mul(root, x, y); // t
  if (isSquare == 0 || isNegative(root) != 0 || isZero(y, s) != 0) return false;
  add(term, y, x);
  sub(term + FE_BYTES, y, x);
  mul(term + 2 * FE_BYTES, root, constants + D2);
  return true;
}

/** point = point + term, or point - term. */
export function addTerm(point: usize, term: usize, minus: bool, scratch: usize): void {
  const a = scratch;
  const b = scratch + FE_BYTES;
  const c = scratch + 2 * FE_BYTES;
  const d = scratch + 3 * FE_BYTES;
  add(a, point + Y, point + X);
  sub(b, point + Y, point + X);
  mul(a, a, minus ? term + FE_BYTES : term);
  mul(b, b, minus ? term : term + FE_BYTES);
  mul(c, term + 2 * FE_BYTES, point + T);
  if (minus) negate(c, c);
  add(d, point + Z, point + Z);
  complete(point, a, b, c, d, scratch);
}

/** point = point + other. */
export function addPoint(point: usize, other: usize, constants: usize, scratch: usize): void {
  const a = scratch;
  const b = scratch + FE_BYTES;
  const c = scratch + 2 * FE_BYTES;
  const d = scratch + 3 * FE_BYTES;
  const e = scratch + 4 * FE_BYTES;
  add(a, point + Y, point + X);
  sub(b, point + Y, point + X);
  add(e, other + Y, other + X);
  mul(a, a, e);
  sub(e, other + Y, other + X);
  mul(b, b, e);
  mul(c, other + T, constants + D2);
  mul(c, c, point + T);
  mul(d, point + Z, other + Z);
  add(d, d, d);
  complete(point, a, b, c, d, scratch);
}

/** From A, B, C, D of the addition to the sum: E = A - B, H = A + B, F = D - C, G = D + C. */
function complete(point: usize, a: usize, b: usize, c: usize, d: usize, scratch: usize): void {
  const e = scratch + 4 * FE_BYTES;
  const f = scratch + 5 * FE_BYTES;
  sub(e, a, b);
  add(a, a, b);
  sub(f, d, c);
  add(d, d, c);
  mul(point + X, e, f);
  mul(point + Y, a, d);
  mul(point + Z, d, f);
  mul(point + T, e, a);
}

/** point = 2 · point. */
export function double(point: usize, scratch: usize): void {
  const a = scratch;
  const b = scratch + FE_BYTES;
  const c = scratch + 2 * FE_BYTES;
  const e = scratch + 3 * FE_BYTES;
  const f = scratch + 4 * FE_BYTES;
  square(a, point + X);
  square(b, point + Y);
  square(c, point + Z);
  add(c, c, c);
  add(e, point + X, point + Y);
  square(e, e); // (X + Y)²
  add(f, b, a); // Y² + X²
  sub(b, b, a); // Y² - X²
  sub(e, e, f); // 2XY
  sub(c, c, b); // 2Z² - (Y² - X²)
  mul(point + X, e, c);
  mul(point + Y, f, b);
  mul(point + Z, b, c);
  mul(point + T, e, f);
}

/** Encodes a point into 32 bytes (RFC 9496 §4.3.2), in the same steps whatever the point is. */
export function encode(bytes: usize, point: usize, constants: usize, scratch: usize): void {
  const s = scratch;
  const u1 = scratch + 7 * FE_BYTES;
  const u2 = scratch + 8 * FE_BYTES;
  const root = scratch + 9 * FE_BYTES;
  const inverse = scratch + 10 * FE_BYTES;
  const x = scratch + 11 * FE_BYTES;
  const y = scratch + 12 * FE_BYTES;
  const t = scratch + 13 * FE_BYTES;
  const one = scratch + 14 * FE_BYTES;
  small(one, 1);
  add(u1, point + Z, point + Y);
  sub(t, point + Z, point + Y);
  mul(u1, u1, t);
  mul(u2, point + X, point + Y);
  square(t, u2);
  mul(t, t, u1);
  squareRootOfRatio(root, one, t, constants, s);
  mul(u1, root, u1); // den1
  mul(u2, root, u2); // den2
  mul(inverse, u1, u2);
  mul(inverse, inverse, point + T);
  copy(x, point + X);
  copy(y, point + Y);
  mul(t, point + T, inverse);
  const rotate = isNegative(t);
  mul(t, point + Y, constants + SQRT_M1);
  choose(x, t, rotate);
  mul(t, point + X, constants + SQRT_M1);
  choose(y, t, rotate);
  mul(t, u1, constants + INVSQRT_A_MINUS_D);
  choose(u2, t, rotate);
  mul(t, x, inverse);
  negateIf(y, isNegative(t));
  sub(t, point + Z, y);
  mul(t, t, u2);
  negateIf(t, isNegative(t));
  toBytes(bytes, t);
}

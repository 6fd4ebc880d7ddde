/** From 64 uniform bytes to an element (RFC 9496 §4.3.4), in the same steps whatever they are.
 *  @module */
import { add, choose, copy, FE_BYTES, fromBytes, isNegative, mul, negate, negateIf, small, square, sub } from "./field";
import { addPoint, D, SQRT_M1, squareRootOfRatio, T, X, Y, Z } from "./group";

const ONE_MINUS_D_SQ: usize = 4 * FE_BYTES;
const D_MINUS_ONE_SQ: usize = 5 * FE_BYTES;
const SQRT_AD_MINUS_ONE: usize = 6 * FE_BYTES;

/** point = the element of 64 bytes: the sum of those of their halves. `work` has a point. */
export function mapToPoint(point: usize, bytes: usize, work: usize, constants: usize, scratch: usize): void {
  mapHalf(point, bytes, constants, scratch);
  mapHalf(work, bytes + 32, constants, scratch);
  addPoint(point, work, constants, scratch);
}

/** MAP: one half. */
function mapHalf(point: usize, bytes: usize, constants: usize, scratch: usize): void {
  const t = scratch + 7 * FE_BYTES;
  const r = scratch + 8 * FE_BYTES;
  const u = scratch + 9 * FE_BYTES;
  const v = scratch + 10 * FE_BYTES;
  const s = scratch + 11 * FE_BYTES;
  const c = scratch + 12 * FE_BYTES;
  const n = scratch + 13 * FE_BYTES;
  const one = scratch + 14 * FE_BYTES;
  const other = scratch + 15 * FE_BYTES;
  small(one, 1);
  fromBytes(t, bytes);
  square(r, t);
  mul(r, r, constants + SQRT_M1);
  add(u, r, one);
  mul(u, u, constants + ONE_MINUS_D_SQ);
  mul(v, r, constants + D);
  add(v, v, one);
  negate(v, v);
  add(other, r, constants + D);
  mul(v, v, other);
  const isSquare = squareRootOfRatio(s, u, v, constants, scratch);
  mul(other, s, t);
  negateIf(other, isNegative(other) ^ 1);
  choose(s, other, isSquare ^ 1);
  copy(c, r);
  negate(other, one);
  choose(c, other, isSquare);
  sub(n, r, one);
  mul(n, n, c);
  mul(n, n, constants + D_MINUS_ONE_SQ);
  sub(n, n, v);
  mul(c, s, v);
  add(c, c, c); // w0
  mul(n, n, constants + SQRT_AD_MINUS_ONE); // w1
  square(s, s);
  sub(other, one, s); // w2
  add(s, one, s); // w3
  mul(point + X, c, s);
  mul(point + Y, other, n);
  mul(point + Z, n, s);
  mul(point + T, c, other);
}

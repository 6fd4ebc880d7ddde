/** Multiples of one public element by secret scalars, from a table of the element: a sum of one entry for each signed digit (Bernstein,
 *  Duif, Lange, Schwabe and Yang, "High-speed high-security signatures", §4, with digits of five bits and no doublings). Every entry of a
 *  digit's row is read, whatever the digit is.
 *  @module */
import { add, choose, copy, FE_BYTES, mul, negateIf, sub } from "./field";
import { addPoint, addTerm, D2, double, invert, POINT_BYTES, T, TERM_BYTES, X, Y, Z } from "./group";
import { bitsAt, raise } from "./digits";

const WINDOW: i32 = 5;
/** Entries of a row: the multiples by 1 to 16. */
const ENTRIES: i32 = 1 << (WINDOW - 1);
/** The top digit: scalars are below the order of the group, 2^252 and a little, so that it is not negative. */
const TOP: i32 = 252 / WINDOW;
/** Bytes of an entry: a term, to a multiple of a vector's. */
const ENTRY_BYTES: usize = 128;
const ROW_BYTES: usize = (ENTRIES as usize) * ENTRY_BYTES;

/** Makes the table of a point, which is lost. `work` has ENTRIES points and as many field elements. */
export function fillTable(table: usize, point: usize, work: usize, constants: usize, scratch: usize): void {
  const products = work + (ENTRIES as usize) * POINT_BYTES;
  const inverse = scratch + 6 * FE_BYTES;
  const z = scratch + 7 * FE_BYTES;
  const x = scratch + 8 * FE_BYTES;
  const y = scratch + 9 * FE_BYTES;
  for (let digit: i32 = 0; digit <= TOP; digit++) {
    memory.copy(work, point, POINT_BYTES);
    copy(products, point + Z);
    for (let i: usize = 1; i < (ENTRIES as usize); i++) {
      const multiple = work + i * POINT_BYTES;
      memory.copy(multiple, multiple - POINT_BYTES, POINT_BYTES);
      addPoint(multiple, point, constants, scratch);
      mul(products + i * FE_BYTES, products + (i - 1) * FE_BYTES, multiple + Z);
    }
    // One inverse for all of them: that of the product (Montgomery, 1987, §10.3.1).
    invert(inverse, products + ((ENTRIES - 1) as usize) * FE_BYTES, scratch);
    for (let i: i32 = ENTRIES - 1; i >= 0; i--) {
      const multiple = work + (i as usize) * POINT_BYTES;
      const entry = table + (digit as usize) * ROW_BYTES + (i as usize) * ENTRY_BYTES;
      if (i > 0) mul(z, inverse, products + ((i - 1) as usize) * FE_BYTES);
      else copy(z, inverse);
      mul(inverse, inverse, multiple + Z);
      mul(x, multiple + X, z);
      mul(y, multiple + Y, z);
      add(entry, y, x);
      sub(entry + FE_BYTES, y, x);
      mul(entry + 2 * FE_BYTES, x, y);
      mul(entry + 2 * FE_BYTES, entry + 2 * FE_BYTES, constants + D2);
      memory.fill(entry + TERM_BYTES, 0, ENTRY_BYTES - TERM_BYTES);
    }
    memory.copy(point, work + ((ENTRIES - 1) as usize) * POINT_BYTES, POINT_BYTES);
    double(point, scratch);
  }
}

/** point = point + scalar · element, or point - scalar · element. `scalar`, 32 little-endian bytes below the order, is lost.
 *  `work` has an entry and a field element. */
export function addMultiple(
  point: usize,
  table: usize,
  scalar: usize,
  minus: bool,
  work: usize,
  scratch: usize,
): void {
  raise(scalar, WINDOW, TOP);
  for (let digit: i32 = 0; digit <= TOP; digit++) {
    const bits = bitsAt(scalar, digit * WINDOW, WINDOW);
    const value = digit == TOP ? bits : bits - ENTRIES;
    const sign = value >> 31;
    chooseEntry(work, table + (digit as usize) * ROW_BYTES, (value ^ sign) - sign);
    negateTermIf(work, (minus ? 1 : 0) ^ (sign & 1), work + ENTRY_BYTES);
    addTerm(point, work, false, scratch);
  }
}

/** term = row[index - 1], or the identity for 0. */
function chooseEntry(term: usize, row: usize, index: i32): void {
  const none = i32x4.eq(i32x4.splat(index), i32x4.splat(0));
  const one = v128.and(none, i32x4(1, 0, 0, 0));
  let a = one;
  let b = i32x4.splat(0);
  // The second field element begins at byte 40.
  let c = v128.and(none, i32x4(0, 0, 1, 0));
  let d = b;
  let e = b;
  let f = b;
  let g = b;
  let h = b;
  for (let i: i32 = 1; i <= ENTRIES; i++) {
    const mask = i32x4.eq(i32x4.splat(index), i32x4.splat(i));
    a = v128.or(a, v128.and(mask, v128.load(row, 0)));
    b = v128.or(b, v128.and(mask, v128.load(row, 16)));
    c = v128.or(c, v128.and(mask, v128.load(row, 32)));
    d = v128.or(d, v128.and(mask, v128.load(row, 48)));
    e = v128.or(e, v128.and(mask, v128.load(row, 64)));
    f = v128.or(f, v128.and(mask, v128.load(row, 80)));
    g = v128.or(g, v128.and(mask, v128.load(row, 96)));
    h = v128.or(h, v128.and(mask, v128.load(row, 112)));
    row += ENTRY_BYTES;
  }
  v128.store(term, a, 0);
  v128.store(term, b, 16);
  v128.store(term, c, 32);
  v128.store(term, d, 48);
  v128.store(term, e, 64);
  v128.store(term, f, 80);
  v128.store(term, g, 96);
  v128.store(term, h, 112);
}

/** term = -term when `flag` is 1. `work` has a field element. */
function negateTermIf(term: usize, flag: i32, work: usize): void {
  copy(work, term);
  choose(term, term + FE_BYTES, flag);
  choose(term + FE_BYTES, work, flag);
  negateIf(term + 2 * FE_BYTES, flag);
}

/** Inner products of one query with columns of signed bytes, modulo 2^32.
 *
 *  A query word is taken as lo + 65536 · hi with signed 16-bit halves, so that one instruction multiplies eight bytes
 *  by eight halves and adds neighbours. The layout of a query, `32` bytes for 8 rows: eight lo, then eight hi.
 *  A column is `rows` contiguous bytes, `rows` a multiple of 8; columns lie `stride` bytes apart.
 *  @module */

// Adds to the word at `out` the product that the lanes of `lo` and `hi` sum up to.
@inline
function addTo(out: usize, lo: v128, hi: v128): void {
  const sum = i32x4.add(lo, i32x4.shl(hi, 16));
  const lanes =
    i32x4.extract_lane(sum, 0) + i32x4.extract_lane(sum, 1) + i32x4.extract_lane(sum, 2) + i32x4.extract_lane(sum, 3);
  store<i32>(out, load<i32>(out) + lanes);
}

/** Adds to `columns` words at `out` the inner products of the columns from `data` with the query at `query`. Four columns
 *  a quarter of all apart go together: four streams that each run through memory without a gap keep more of it on the way. */
export function dot1(data: usize, stride: usize, rows: u32, columns: u32, query: usize, out: usize): void {
  const end = query + (<usize>rows << 2);
  const quarter = columns >> 2;
  const apart = <usize>quarter * stride;
  for (let c: u32 = 0; c < quarter; c++) {
    let lo0 = i32x4.splat(0);
    let hi0 = lo0;
    let lo1 = lo0;
    let hi1 = lo0;
    let lo2 = lo0;
    let hi2 = lo0;
    let lo3 = lo0;
    let hi3 = lo0;
    let first = data;
    let second = first + apart;
    let third = second + apart;
    let fourth = third + apart;
    for (let q = query; q < end; q += 32) {
      const lo = v128.load(q);
      const hi = v128.load(q, 16);
      const x0 = v128.load_ext<i8>(first);
      lo0 = i32x4.add(lo0, i32x4.dot_i16x8_s(x0, lo));
      hi0 = i32x4.add(hi0, i32x4.dot_i16x8_s(x0, hi));
      const x1 = v128.load_ext<i8>(second);
      lo1 = i32x4.add(lo1, i32x4.dot_i16x8_s(x1, lo));
      hi1 = i32x4.add(hi1, i32x4.dot_i16x8_s(x1, hi));
      const x2 = v128.load_ext<i8>(third);
      lo2 = i32x4.add(lo2, i32x4.dot_i16x8_s(x2, lo));
      hi2 = i32x4.add(hi2, i32x4.dot_i16x8_s(x2, hi));
      const x3 = v128.load_ext<i8>(fourth);
      lo3 = i32x4.add(lo3, i32x4.dot_i16x8_s(x3, lo));
      hi3 = i32x4.add(hi3, i32x4.dot_i16x8_s(x3, hi));
      first += 8;
      second += 8;
      third += 8;
      fourth += 8;
    }
    const sums = out + (<usize>c << 2);
    const step = <usize>quarter << 2;
    addTo(sums, lo0, hi0);
    addTo(sums + step, lo1, hi1);
    addTo(sums + 2 * step, lo2, hi2);
    addTo(sums + 3 * step, lo3, hi3);
    data += stride;
  }
  data += 3 * apart;
  for (let c = quarter << 2; c < columns; c++, data += stride) {
    let lo0 = i32x4.splat(0);
    let hi0 = lo0;
    let at = data;
    for (let q = query; q < end; q += 32, at += 8) {
      const x0 = v128.load_ext<i8>(at);
      lo0 = i32x4.add(lo0, i32x4.dot_i16x8_s(x0, v128.load(q)));
      hi0 = i32x4.add(hi0, i32x4.dot_i16x8_s(x0, v128.load(q, 16)));
    }
    addTo(out + (<usize>c << 2), lo0, hi0);
  }
}

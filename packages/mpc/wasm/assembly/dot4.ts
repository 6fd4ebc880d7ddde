/** Inner products of four queries with columns of signed bytes in one pass over them. A query of four has, for 8 rows,
 *  four times the 32 bytes that `dot1` takes, one query after another.
 *  @module */

@inline
function addTo(out: usize, lo: v128, hi: v128): void {
  const sum = i32x4.add(lo, i32x4.shl(hi, 16));
  const lanes =
    i32x4.extract_lane(sum, 0) + i32x4.extract_lane(sum, 1) + i32x4.extract_lane(sum, 2) + i32x4.extract_lane(sum, 3);
  store<i32>(out, load<i32>(out) + lanes);
}

/** As `dot1`, for four queries; each column has four words at `out`. */
export function dot4(data: usize, stride: usize, rows: u32, columns: u32, query: usize, out: usize): void {
  const end = query + (<usize>rows << 4);
  for (let c: u32 = 0; c < columns; c++) {
    let lo0 = i32x4.splat(0);
    let hi0 = lo0;
    let lo1 = lo0;
    let hi1 = lo0;
    let lo2 = lo0;
    let hi2 = lo0;
    let lo3 = lo0;
    let hi3 = lo0;
    let a = data;
    for (let q = query; q < end; q += 128, a += 8) {
      const x = v128.load_ext<i8>(a);
      lo0 = i32x4.add(lo0, i32x4.dot_i16x8_s(x, v128.load(q)));
      hi0 = i32x4.add(hi0, i32x4.dot_i16x8_s(x, v128.load(q, 16)));
      lo1 = i32x4.add(lo1, i32x4.dot_i16x8_s(x, v128.load(q, 32)));
      hi1 = i32x4.add(hi1, i32x4.dot_i16x8_s(x, v128.load(q, 48)));
      lo2 = i32x4.add(lo2, i32x4.dot_i16x8_s(x, v128.load(q, 64)));
      hi2 = i32x4.add(hi2, i32x4.dot_i16x8_s(x, v128.load(q, 80)));
      lo3 = i32x4.add(lo3, i32x4.dot_i16x8_s(x, v128.load(q, 96)));
      hi3 = i32x4.add(hi3, i32x4.dot_i16x8_s(x, v128.load(q, 112)));
    }
    addTo(out, lo0, hi0);
    addTo(out + 4, lo1, hi1);
    addTo(out + 8, lo2, hi2);
    addTo(out + 12, lo3, hi3);
    out += 16;
    data += stride;
  }
}

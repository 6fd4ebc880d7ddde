/** Inner products modulo 2^32 of rows of words with one vector of words: what a client computes with its secret.
 *  @module */

@inline
function sumOf(lanes: v128): i32 {
  return (
    i32x4.extract_lane(lanes, 0) + i32x4.extract_lane(lanes, 1) + i32x4.extract_lane(lanes, 2) + i32x4.extract_lane(lanes, 3)
  );
}

/** Writes `count` words to `out`: the product of each row of `words` words, a multiple of 4, from `rows` with `vector`. */
export function inner(rows: usize, count: u32, words: u32, vector: usize, out: usize): void {
  const length = <usize>words << 2;
  const end = vector + length;
  let i: u32 = 0;
  for (; i + 4 <= count; i += 4) {
    let a = i32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    let row = rows;
    for (let v = vector; v < end; v += 16, row += 16) {
      const s = v128.load(v);
      a = i32x4.add(a, i32x4.mul(v128.load(row), s));
      b = i32x4.add(b, i32x4.mul(v128.load(row + length), s));
      c = i32x4.add(c, i32x4.mul(v128.load(row + (length << 1)), s));
      d = i32x4.add(d, i32x4.mul(v128.load(row + length * 3), s));
    }
    store<i32>(out, sumOf(a));
    store<i32>(out, sumOf(b), 4);
    store<i32>(out, sumOf(c), 8);
    store<i32>(out, sumOf(d), 12);
    out += 16;
    rows += length << 2;
  }
  for (; i < count; i++) {
    let a = i32x4.splat(0);
    for (let v = vector; v < end; v += 16, rows += 16) a = i32x4.add(a, i32x4.mul(v128.load(rows), v128.load(v)));
    store<i32>(out, sumOf(a));
    out += 4;
  }
}

/** Brings rows of a database, and of the LWE matrix, into the layouts of the other kernels.
 *  @module */

/** Writes rows of bytes, `rowStride` apart, as columns `columnStride` apart: element (r, c) of `rows` × `columns`. */
export function columnsOf8(from: usize, rowStride: usize, rows: u32, columns: u32, to: usize, columnStride: usize): void {
  for (let c: u32 = 0; c < columns; c++) {
    let at = from + c;
    const first = to + <usize>c * columnStride;
    for (let r: u32 = 0; r < rows; r++, at += rowStride) store<u8>(first + r, load<u8>(at));
  }
}

/** As `columnsOf8`, signed and in 16 bits, as `hint` reads them. Row after row, since rows may lie far apart: the places
 *  that a row is written to stay in the first cache level for the next one. */
export function columnsOf16(from: usize, rowStride: usize, rows: u32, columns: u32, to: usize, columnStride: usize): void {
  for (let r: u32 = 0; r < rows; r++, from += rowStride, to += 2) {
    let place = to;
    for (let c: u32 = 0; c < columns; c++, place += columnStride) store<i16>(place, load<i8>(from + c));
  }
}

/** Splits pairs of rows of `words` words, a multiple of 8, into the blocks that `hint` reads. */
export function halvesOfPairs(from: usize, pairs: u32, words: u32, to: usize): void {
  const rowBytes = <usize>words << 2;
  for (let pair: u32 = 0; pair < pairs; pair++) {
    let at = from + <usize>pair * (rowBytes << 1);
    let block = to + (<usize>pair << 6);
    for (let j: u32 = 0; j < words; j += 8, at += 32, block += <usize>pairs << 6) {
      for (let v: usize = 0; v < 32; v += 16) {
        const even = v128.load(at + v);
        const odd = v128.load(at + v + rowBytes);
        const evenHigh = i32x4.shr_u(i32x4.add(even, v128.and(even, i32x4.splat(0x8000))), 16);
        const oddHigh = i32x4.add(odd, v128.and(odd, i32x4.splat(0x8000)));
        const low = v128.or(v128.and(even, i32x4.splat(0xffff)), i32x4.shl(odd, 16));
        const high = v128.or(evenHigh, v128.and(oddHigh, i32x4.splat(0xffff0000)));
        v128.store(block + v, low);
        v128.store(block + v + 32, high);
      }
    }
  }
}

/** Splits `rows` words of each of `queries` queries, `queryStride` bytes apart, into the halves that the inner products
 *  read: for 8 rows and one query after another, eight low and eight high halves. `rows` is a multiple of 8. */
export function halvesOfQueries(from: usize, queryStride: usize, queries: u32, rows: u32, to: usize): void {
  for (let r: u32 = 0; r < rows; r += 8, from += 32) {
    for (let q: u32 = 0; q < queries; q++, to += 32) {
      for (let i: usize = 0; i < 8; i++) {
        const word = load<i32>(from + <usize>q * queryStride + (i << 2));
        store<i16>(to + (i << 1), word);
        store<i16>(to + (i << 1), (word + 0x8000) >> 16, 16);
      }
    }
  }
}

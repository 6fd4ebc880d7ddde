/** The product of columns of signed bytes with a panel of the matrix A, modulo 2^32.
 *
 *  Rows are taken in pairs, since one instruction multiplies two 16-bit neighbours and adds them. Layouts:
 *  - `panel`: for each block of 8 words of A's rows, for each pair of rows, 64 bytes: the low halves of words 0-3, then of
 *    words 4-7, then the high halves alike; each as (row, next row). A block of 512 rows stays in the first cache level.
 *  - `data`: for each column, its bytes as 16-bit numbers, row after row; columns lie `stride` bytes apart.
 *  - `out`: for each column, the words of its product, `outStride` bytes apart.
 *  @module */

@inline
function addTo(out: usize, lo: v128, hi: v128): void {
  v128.store(out, i32x4.add(v128.load(out), i32x4.add(lo, i32x4.shl(hi, 16))));
}

/** Adds the products of `columns`, an even number, with `blocks` blocks of `pairs` pairs of rows. */
export function hint(panel: usize, pairs: u32, blocks: u32, data: usize, stride: usize, columns: u32, out: usize, outStride: usize): void {
  const blockBytes = <usize>pairs << 6;
  for (let block: u32 = 0; block < blocks; block++) {
    let column = data;
    let sum = out;
    const end = panel + blockBytes;
    for (let c: u32 = 0; c < columns; c += 2) {
      let lo00 = i32x4.splat(0);
      let lo01 = lo00;
      let hi00 = lo00;
      let hi01 = lo00;
      let lo10 = lo00;
      let lo11 = lo00;
      let hi10 = lo00;
      let hi11 = lo00;
      let a = column;
      let b = column + stride;
      for (let p = panel; p < end; p += 64) {
        const lo0 = v128.load(p);
        const lo1 = v128.load(p, 16);
        const hi0 = v128.load(p, 32);
        const hi1 = v128.load(p, 48);
        const x = v128.load32_splat(a);
        lo00 = i32x4.add(lo00, i32x4.dot_i16x8_s(x, lo0));
        lo01 = i32x4.add(lo01, i32x4.dot_i16x8_s(x, lo1));
        hi00 = i32x4.add(hi00, i32x4.dot_i16x8_s(x, hi0));
        hi01 = i32x4.add(hi01, i32x4.dot_i16x8_s(x, hi1));
        const y = v128.load32_splat(b);
        lo10 = i32x4.add(lo10, i32x4.dot_i16x8_s(y, lo0));
        lo11 = i32x4.add(lo11, i32x4.dot_i16x8_s(y, lo1));
        hi10 = i32x4.add(hi10, i32x4.dot_i16x8_s(y, hi0));
        hi11 = i32x4.add(hi11, i32x4.dot_i16x8_s(y, hi1));
        a += 4;
        b += 4;
      }
      addTo(sum, lo00, hi00);
      addTo(sum + 16, lo01, hi01);
      addTo(sum + outStride, lo10, hi10);
      addTo(sum + outStride + 16, lo11, hi11);
      column += stride << 1;
      sum += outStride << 1;
    }
    panel = end;
    out += 32;
  }
}

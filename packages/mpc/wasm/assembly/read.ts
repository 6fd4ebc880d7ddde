/** Reads bytes once and keeps next to nothing of them, four streams at a time as the inner products do: what memory gives, and
 *  what the speed of a scan is measured against.
 *  @module */

/** Adds to the word at `out` something of each of `4 * bytes` bytes from `data`; `bytes` is a multiple of 32. */
export function read(data: usize, bytes: u32, out: usize): void {
  let a = i32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (let end = data + bytes; data < end; data += 32) {
    const second = data + bytes;
    const third = second + bytes;
    const fourth = third + bytes;
    a = v128.xor(v128.xor(a, v128.load(data)), v128.load(data, 16));
    b = v128.xor(v128.xor(b, v128.load(second)), v128.load(second, 16));
    c = v128.xor(v128.xor(c, v128.load(third)), v128.load(third, 16));
    d = v128.xor(v128.xor(d, v128.load(fourth)), v128.load(fourth, 16));
  }
  const all = v128.xor(v128.xor(a, b), v128.xor(c, d));
  store<i32>(out, load<i32>(out) + i32x4.extract_lane(all, 0));
}

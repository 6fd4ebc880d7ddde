/** Digits of scalars. Nothing here branches on a bit of a scalar or takes an address from one.
 *  @module */

/** Adds half a digit at every digit below the top one, so that a digit less that half is signed: buckets for half as many. */
export function raise(weight: usize, window: i32, top: i32): void {
  let next: i32 = window - 1;
  const end = window * top;
  let carry: u32 = 0;
  for (let byte: i32 = 0; byte < 32; byte++) {
    let halves: u32 = 0;
    for (; next < 8 * (byte + 1) && next < end; next += window) halves += 1 << (next - 8 * byte);
    const total = (load<u8>(weight + (byte as usize)) as u32) + halves + carry;
    store<u8>(weight + (byte as usize), total as u8);
    carry = total >> 8;
  }
}

/** `count` bits, 8 at most, from bit `from` of 32 bytes; zeros beyond. */
export function bitsAt(bytes: usize, from: i32, count: i32): i32 {
  const at = from >> 3;
  let word: i32 = load<u8>(bytes + (at as usize));
  if (at < 31) word |= (load<u8>(bytes + ((at + 1) as usize)) as i32) << 8;
  return (word >> (from & 7)) & ((1 << count) - 1);
}

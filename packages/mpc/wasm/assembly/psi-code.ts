/** Codewords of a linear code by tables, one entry for each byte of a message, and sums of byte ranges.
 *  @module */

/** Adds the codeword of each of `count` messages to 80 bytes at `to`, `stride` bytes apart. A message is `messageBytes`
 *  bytes, `messageStride` apart; byte j chooses among 256 entries of 80 bytes at `tables + 20,480 · j`. */
export function addCode(
  to: usize,
  stride: usize,
  messages: usize,
  messageStride: usize,
  messageBytes: usize,
  tables: usize,
  count: usize,
): void {
  for (let i: usize = 0; i < count; i++, to += stride, messages += messageStride) {
    let a = v128.load(to);
    let b = v128.load(to, 16);
    let c = v128.load(to, 32);
    let d = v128.load(to, 48);
    let e = v128.load(to, 64);
    let table = tables;
    for (let j: usize = 0; j < messageBytes; j++, table += 20480) {
      const at = table + (load<u8>(messages + j) as usize) * 80;
      a = v128.xor(a, v128.load(at));
      b = v128.xor(b, v128.load(at, 16));
      c = v128.xor(c, v128.load(at, 32));
      d = v128.xor(d, v128.load(at, 48));
      e = v128.xor(e, v128.load(at, 64));
    }
    v128.store(to, a);
    v128.store(to, b, 16);
    v128.store(to, c, 32);
    v128.store(to, d, 48);
    v128.store(to, e, 64);
  }
}

/** Adds `count` rows of 80 bytes, `fromStride` bytes apart, to those at `to`, where the 80 bytes at `mask` have ones. */
export function addMaskedRows(to: usize, from: usize, fromStride: usize, mask: usize, count: usize): void {
  for (let i: usize = 0; i < count; i++, to += 80, from += fromStride) {
    for (let b: usize = 0; b < 80; b += 16) {
      const added = v128.and(v128.load(from + b), v128.load(mask + b));
      v128.store(to + b, v128.xor(v128.load(to + b), added));
    }
  }
}

/** Copies `count` rows of 80 bytes to places `toStride` bytes apart, 80 at most: a row runs over into the next one's place,
 *  which is written after it. */
export function packRows(to: usize, toStride: usize, from: usize, count: usize): void {
  for (let i: usize = 0; i < count; i++, to += toStride, from += 80) {
    const a = v128.load(from);
    const b = v128.load(from, 16);
    const c = v128.load(from, 32);
    const d = v128.load(from, 48);
    const e = v128.load(from, 64);
    v128.store(to, a);
    v128.store(to, b, 16);
    v128.store(to, c, 32);
    v128.store(to, d, 48);
    v128.store(to, e, 64);
  }
}

/** Adds each of `count` rows of `width` bytes to the one of 256 buckets that its byte at `choices`, `choiceStride` apart, says. */
export function addToBuckets(
  buckets: usize,
  rows: usize,
  width: usize,
  choices: usize,
  choiceStride: usize,
  count: usize,
): void {
  for (let i: usize = 0; i < count; i++, rows += width, choices += choiceStride) {
    xorBytes(buckets + (load<u8>(choices) as usize) * width, rows, width);
  }
}

/** Adds `bytes` bytes at `from` to those at `to`. */
export function xorBytes(to: usize, from: usize, bytes: usize): void {
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(to + i, v128.xor(v128.load(to + i), v128.load(from + i)));
  for (; i < bytes; i++) store<u8>(to + i, load<u8>(to + i) ^ load<u8>(from + i));
}

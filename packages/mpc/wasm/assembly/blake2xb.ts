/** Seeds of fresh ciphertexts expanded as SEAL 4.1 does: BLAKE2Xb, 4096 bytes at a time, the seed as key and a counter as message.
 *  Two output blocks are computed at once, one in each lane; they share their message, so its words are laid out in the
 *  order of the rounds once for 64 blocks.
 *  @see https://www.blake2.net/blake2x.pdf */

const STREAM_BYTES: u32 = 4_096;
/** Words of a message in the order of 12 rounds. */
const SCHEDULE_BYTES: usize = 12 * 16 * 8;
const STATE: usize = SCHEDULE_BYTES;
const MESSAGE: usize = STATE + 8 * 16;
/** One more part of the stream, for words that are replaced. */
const SPARE: usize = MESSAGE + 128;

@inline
function rotate24(x: v128): v128 {
  return i8x16.shuffle(x, x, 3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10);
}

@inline
function rotate16(x: v128): v128 {
  return i8x16.shuffle(x, x, 2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9);
}

@inline
function rotate32(x: v128): v128 {
  return i8x16.shuffle(x, x, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
}

@inline
function rotate63(x: v128): v128 {
  return v128.or(i64x2.add(x, x), i64x2.shr_u(x, 63));
}

@inline
function add(a: v128, b: v128, word: usize): v128 {
  return i64x2.add(i64x2.add(a, b), v128.load64_splat(word));
}

/** One compression in both lanes, of the message whose schedule stands at `scratch`. */
function compress(scratch: usize, counter: u64, last: bool): void {
  const h = scratch + STATE;
  let a0 = v128.load(h, 0), a1 = v128.load(h, 16), a2 = v128.load(h, 32), a3 = v128.load(h, 48);
  let b0 = v128.load(h, 64), b1 = v128.load(h, 80), b2 = v128.load(h, 96), b3 = v128.load(h, 112);
  let c0 = i64x2.splat(0x6a09e667f3bcc908), c1 = i64x2.splat(0xbb67ae8584caa73b);
  let c2 = i64x2.splat(0x3c6ef372fe94f82b), c3 = i64x2.splat(0xa54ff53a5f1d36f1);
  let d0 = i64x2.splat(0x510e527fade682d1 ^ counter), d1 = i64x2.splat(0x9b05688c2b3e6c1f);
  let d2 = i64x2.splat(last ? ~0x1f83d9abfb41bd6b : 0x1f83d9abfb41bd6b), d3 = i64x2.splat(0x5be0cd19137e2179);
  for (let m = scratch; m < scratch + SCHEDULE_BYTES; m += 128) {
    a0 = add(a0, b0, m); a1 = add(a1, b1, m + 16); a2 = add(a2, b2, m + 32); a3 = add(a3, b3, m + 48);
    d0 = rotate32(v128.xor(d0, a0)); d1 = rotate32(v128.xor(d1, a1)); d2 = rotate32(v128.xor(d2, a2)); d3 = rotate32(v128.xor(d3, a3));
    c0 = i64x2.add(c0, d0); c1 = i64x2.add(c1, d1); c2 = i64x2.add(c2, d2); c3 = i64x2.add(c3, d3);
    b0 = rotate24(v128.xor(b0, c0)); b1 = rotate24(v128.xor(b1, c1)); b2 = rotate24(v128.xor(b2, c2)); b3 = rotate24(v128.xor(b3, c3));
    a0 = add(a0, b0, m + 8); a1 = add(a1, b1, m + 24); a2 = add(a2, b2, m + 40); a3 = add(a3, b3, m + 56);
    d0 = rotate16(v128.xor(d0, a0)); d1 = rotate16(v128.xor(d1, a1)); d2 = rotate16(v128.xor(d2, a2)); d3 = rotate16(v128.xor(d3, a3));
    c0 = i64x2.add(c0, d0); c1 = i64x2.add(c1, d1); c2 = i64x2.add(c2, d2); c3 = i64x2.add(c3, d3);
    b0 = rotate63(v128.xor(b0, c0)); b1 = rotate63(v128.xor(b1, c1)); b2 = rotate63(v128.xor(b2, c2)); b3 = rotate63(v128.xor(b3, c3));
    a0 = add(a0, b1, m + 64); a1 = add(a1, b2, m + 80); a2 = add(a2, b3, m + 96); a3 = add(a3, b0, m + 112);
    d3 = rotate32(v128.xor(d3, a0)); d0 = rotate32(v128.xor(d0, a1)); d1 = rotate32(v128.xor(d1, a2)); d2 = rotate32(v128.xor(d2, a3));
    c2 = i64x2.add(c2, d3); c3 = i64x2.add(c3, d0); c0 = i64x2.add(c0, d1); c1 = i64x2.add(c1, d2);
    b1 = rotate24(v128.xor(b1, c2)); b2 = rotate24(v128.xor(b2, c3)); b3 = rotate24(v128.xor(b3, c0)); b0 = rotate24(v128.xor(b0, c1));
    a0 = add(a0, b1, m + 72); a1 = add(a1, b2, m + 88); a2 = add(a2, b3, m + 104); a3 = add(a3, b0, m + 120);
    d3 = rotate16(v128.xor(d3, a0)); d0 = rotate16(v128.xor(d0, a1)); d1 = rotate16(v128.xor(d1, a2)); d2 = rotate16(v128.xor(d2, a3));
    c2 = i64x2.add(c2, d3); c3 = i64x2.add(c3, d0); c0 = i64x2.add(c0, d1); c1 = i64x2.add(c1, d2);
    b1 = rotate63(v128.xor(b1, c2)); b2 = rotate63(v128.xor(b2, c3)); b3 = rotate63(v128.xor(b3, c0)); b0 = rotate63(v128.xor(b0, c1));
  }
  finish(h, 0, v128.xor(a0, c0)); finish(h, 16, v128.xor(a1, c1)); finish(h, 32, v128.xor(a2, c2)); finish(h, 48, v128.xor(a3, c3));
  finish(h, 64, v128.xor(b0, d0)); finish(h, 80, v128.xor(b1, d1)); finish(h, 96, v128.xor(b2, d2)); finish(h, 112, v128.xor(b3, d3));
}

@inline
function finish(h: usize, at: usize, x: v128): void {
  v128.store(h + at, v128.xor(v128.load(h + at), x));
}

/** The state before a message: the constants and a parameter block, whose second word is another in each lane. */
function begin(scratch: usize, p0: u64, p1: v128, p2: u64): void {
  const h = scratch + STATE;
  v128.store(h, i64x2.splat(0x6a09e667f3bcc908 ^ p0), 0);
  v128.store(h, v128.xor(i64x2.splat(0xbb67ae8584caa73b), p1), 16);
  v128.store(h, i64x2.splat(0x3c6ef372fe94f82b ^ p2), 32);
  v128.store(h, i64x2.splat(0xa54ff53a5f1d36f1), 48);
  v128.store(h, i64x2.splat(0x510e527fade682d1), 64);
  v128.store(h, i64x2.splat(0x9b05688c2b3e6c1f), 80);
  v128.store(h, i64x2.splat(0x1f83d9abfb41bd6b), 96);
  v128.store(h, i64x2.splat(0x5be0cd19137e2179), 112);
}

/** Lays out the message of 128 bytes; `orders` has 16 numbers of words for each of 10 rounds, a byte each. */
function schedule(scratch: usize, orders: usize): void {
  for (let i: usize = 0; i < 192; i++) {
    const word = load<u8>(orders + (i < 160 ? i : i - 160));
    store<u64>(scratch + 8 * i, load<u64>(scratch + MESSAGE + 8 * <usize>word));
  }
}

/** Part `counter` of the stream of `seed`. */
function part(seed: usize, counter: u64, orders: usize, out: usize, scratch: usize): void {
  const message = scratch + MESSAGE;
  memory.fill(message, 0, 128);
  memory.copy(message, seed, 64);
  schedule(scratch, orders);
  begin(scratch, 0x01014040, i64x2.splat(<u64>STREAM_BYTES << 32), 0);
  compress(scratch, 128, false);
  memory.fill(message, 0, 128);
  store<u64>(message, counter);
  schedule(scratch, orders);
  compress(scratch, 136, true);
  for (let i: usize = 0; i < 8; i++) store<u64>(message + 8 * i, load<u64>(scratch + STATE + 16 * i));
  schedule(scratch, orders);
  for (let node: u32 = 0; node < STREAM_BYTES / 64; node += 2) {
    const first: u64 = (<u64>STREAM_BYTES << 32) | node;
    begin(scratch, 0x4000000040, i64x2.replace_lane(i64x2.splat(first), 1, first + 1), 0x4000);
    compress(scratch, 64, true);
    const to = out + 64 * <usize>node;
    for (let i: usize = 0; i < 8; i++) {
      const pair = scratch + STATE + 16 * i;
      store<u64>(to + 8 * i, load<u64>(pair));
      store<u64>(to + 64 + 8 * i, load<u64>(pair + 8));
    }
  }
}

/** `parts` times 512 words at `out`; each that is not below `limit` is replaced by the next word of the stream that is. Needs
 *  5,888 bytes at `scratch`. */
export function expandSeed(seed: usize, parts: u32, limit: u64, orders: usize, out: usize, scratch: usize): void {
  for (let counter: u32 = 0; counter < parts; counter++) {
    part(seed, counter, orders, out + <usize>counter * STREAM_BYTES, scratch);
  }
  const spare = scratch + SPARE;
  let counter = parts;
  let at: usize = STREAM_BYTES;
  const end = out + <usize>parts * STREAM_BYTES;
  for (let word = out; word < end; word += 8) {
    while (load<u64>(word) >= limit) {
      if (at == STREAM_BYTES) {
        part(seed, counter++, orders, spare, scratch);
        at = 0;
      }
      store<u64>(word, load<u64>(spare + at));
      at += 8;
    }
  }
}

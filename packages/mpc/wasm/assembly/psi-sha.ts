/** SHA-256 (FIPS 180-4 §6.2) of messages of one length, four at a time, one in each lane.
 *  @module */

@inline
function rotr(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shr_u(x, bits), i32x4.shl(x, 32 - bits));
}

@inline
function swapped(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

// 16 bytes of a message, as the frame at `pad` cuts and pads them.
@inline
function chunk(from: usize, pad: usize): v128 {
  return swapped(v128.or(v128.and(v128.load(from), v128.load(pad)), v128.load(pad, 16)));
}

// Words 4j … 4j + 3 of four messages, from rows to lanes; the same the other way.
@inline
function storeLanes(to: usize, x0: v128, x1: v128, x2: v128, x3: v128): void {
  const a = v128.shuffle<u32>(x0, x1, 0, 4, 1, 5);
  const b = v128.shuffle<u32>(x0, x1, 2, 6, 3, 7);
  const c = v128.shuffle<u32>(x2, x3, 0, 4, 1, 5);
  const d = v128.shuffle<u32>(x2, x3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<u64>(a, c, 0, 2));
  v128.store(to, v128.shuffle<u64>(a, c, 1, 3), 16);
  v128.store(to, v128.shuffle<u64>(b, d, 0, 2), 32);
  v128.store(to, v128.shuffle<u64>(b, d, 1, 3), 48);
}

@inline
function extend(w: usize): void {
  const x = v128.load(w - 15 * 16);
  const y = v128.load(w - 2 * 16);
  const s0 = v128.xor(v128.xor(rotr(x, 7), rotr(x, 18)), i32x4.shr_u(x, 3));
  const s1 = v128.xor(v128.xor(rotr(y, 17), rotr(y, 19)), i32x4.shr_u(y, 10));
  v128.store(w, i32x4.add(i32x4.add(v128.load(w - 16 * 16), s0), i32x4.add(v128.load(w - 7 * 16), s1)));
}

@inline
function first(e: v128, f: v128, g: v128, h: v128, w: usize, k: usize): v128 {
  const s1 = v128.xor(v128.xor(rotr(e, 6), rotr(e, 11)), rotr(e, 25));
  const input = i32x4.add(v128.load(w), v128.load32_splat(k));
  return i32x4.add(i32x4.add(i32x4.add(h, input), v128.bitselect(f, g, e)), s1);
}

@inline
function second(a: v128, b: v128, c: v128): v128 {
  const s0 = v128.xor(v128.xor(rotr(a, 2), rotr(a, 13)), rotr(a, 22));
  return i32x4.add(s0, v128.bitselect(c, a, v128.xor(a, b)));
}

// One block, whose words are at `words`, into the state, eight vectors at `state`.
function compress(state: usize, words: usize, constants: usize): void {
  let a = v128.load(state);
  let b = v128.load(state, 16);
  let c = v128.load(state, 32);
  let d = v128.load(state, 48);
  let e = v128.load(state, 64);
  let f = v128.load(state, 80);
  let g = v128.load(state, 96);
  let h = v128.load(state, 112);
  for (let t: usize = 0; t < 64; t += 8) {
    const w = words + (t << 4);
    const k = constants + (t << 2);
    if (t >= 16) for (let i: usize = 0; i < 128; i += 16) extend(w + i);
    let x = first(e, f, g, h, w, k);
    d = i32x4.add(d, x);
    h = i32x4.add(x, second(a, b, c));
    x = first(d, e, f, g, w + 16, k + 4);
    c = i32x4.add(c, x);
    g = i32x4.add(x, second(h, a, b));
    x = first(c, d, e, f, w + 32, k + 8);
    b = i32x4.add(b, x);
    f = i32x4.add(x, second(g, h, a));
    x = first(b, c, d, e, w + 48, k + 12);
    a = i32x4.add(a, x);
    e = i32x4.add(x, second(f, g, h));
    x = first(a, b, c, d, w + 64, k + 16);
    h = i32x4.add(h, x);
    d = i32x4.add(x, second(e, f, g));
    x = first(h, a, b, c, w + 80, k + 20);
    g = i32x4.add(g, x);
    c = i32x4.add(x, second(d, e, f));
    x = first(g, h, a, b, w + 96, k + 24);
    f = i32x4.add(f, x);
    b = i32x4.add(x, second(c, d, e));
    x = first(f, g, h, a, w + 112, k + 28);
    e = i32x4.add(e, x);
    a = i32x4.add(x, second(b, c, d));
  }
  v128.store(state, i32x4.add(a, v128.load(state)));
  v128.store(state, i32x4.add(b, v128.load(state, 16)), 16);
  v128.store(state, i32x4.add(c, v128.load(state, 32)), 32);
  v128.store(state, i32x4.add(d, v128.load(state, 48)), 48);
  v128.store(state, i32x4.add(e, v128.load(state, 64)), 64);
  v128.store(state, i32x4.add(f, v128.load(state, 80)), 80);
  v128.store(state, i32x4.add(g, v128.load(state, 96)), 96);
  v128.store(state, i32x4.add(h, v128.load(state, 112)), 112);
}

/** Digests of `count` messages, the first `digestBytes` of each, one after another at `out`. Message i is `headChunks` times
 *  16 bytes at `heads`, one message's after another's, then `tailChunks` times 16 bytes at `tails + i · tailStride`, each
 *  cut and padded as the frame says. `frame`: eight words of state to begin from, 64 constants, for each of `chunks`
 *  chunks a mask and what fills it, then 1,152 bytes of scratch. */
export function sha256(
  out: usize,
  digestBytes: usize,
  heads: usize,
  headChunks: usize,
  tails: usize,
  tailStride: usize,
  tailChunks: usize,
  frame: usize,
  chunks: usize,
  count: usize,
): void {
  const constants = frame + 32;
  const pads = constants + 256;
  const state = pads + (chunks << 5);
  const words = state + 128;
  const headStride = headChunks << 4;
  const filled = headChunks + tailChunks;
  for (let i: usize = 0; i < count; i += 4) {
    const i1 = min(i + 1, count - 1);
    const i2 = min(i + 2, count - 1);
    const i3 = min(i + 3, count - 1);
    for (let j: usize = 0; j < 8; j++) v128.store(state + (j << 4), v128.load32_splat(frame + (j << 2)));
    for (let j: usize = 0; j < chunks; j++) {
      const pad = pads + (j << 5);
      const to = words + ((j & 3) << 6);
      if (j < headChunks) {
        const at = heads + (j << 4);
        storeLanes(
          to,
          chunk(at + i * headStride, pad),
          chunk(at + i1 * headStride, pad),
          chunk(at + i2 * headStride, pad),
          chunk(at + i3 * headStride, pad),
        );
      } else if (j < filled) {
        const at = tails + ((j - headChunks) << 4);
        storeLanes(
          to,
          chunk(at + i * tailStride, pad),
          chunk(at + i1 * tailStride, pad),
          chunk(at + i2 * tailStride, pad),
          chunk(at + i3 * tailStride, pad),
        );
      } else {
        const x = swapped(v128.load(pad, 16));
        storeLanes(to, x, x, x, x);
      }
      if ((j & 3) == 3) compress(state, words, constants);
    }
    // Lanes to rows, in `words`: the first halves of four digests, then the second ones.
    storeLanes(words, v128.load(state), v128.load(state, 16), v128.load(state, 32), v128.load(state, 48));
    storeLanes(words + 64, v128.load(state, 64), v128.load(state, 80), v128.load(state, 96), v128.load(state, 112));
    // A digest runs over into the next one's place, which is written after it.
    const lanes = min(count - i, 4);
    for (let lane: usize = 0; lane < lanes; lane++) {
      v128.store(out, swapped(v128.load(words + (lane << 4))));
      if (digestBytes > 16) v128.store(out, swapped(v128.load(words + (lane << 4), 64)), 16);
      out += digestBytes;
    }
  }
}

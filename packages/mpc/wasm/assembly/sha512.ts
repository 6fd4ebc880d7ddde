/** SHA-512 (FIPS 180-4) on messages in the memory of the module. Nothing here branches on a byte of a message or takes an address from one.
 *  @module */

/** Bytes of a state, and of a digest. */
export const STATE_BYTES: usize = 64;
/** Bytes of a block. */
export const BLOCK_BYTES: usize = 128;
/** Bytes of work memory: 16 words of the schedule, a state, a padded block. */
export const SHA_WORK_BYTES: usize = 128 + STATE_BYTES + BLOCK_BYTES;

/** Writes SHA-512 of what `state` has taken in, which is `before` bytes of whole blocks, and of `bytes` more to `out`. `rounds` are the 80
 *  constants. The state stays. */
export function sha512(
  out: usize,
  state: usize,
  before: u32,
  message: usize,
  bytes: u32,
  rounds: usize,
  work: usize,
): void {
  const chain = work + 128;
  const last = chain + STATE_BYTES;
  memory.copy(chain, state, STATE_BYTES);
  let at: u32 = 0;
  for (; at + (BLOCK_BYTES as u32) <= bytes; at += BLOCK_BYTES as u32) compress(chain, message + at, rounds, work);
  const left = bytes - at;
  memory.fill(last, 0, BLOCK_BYTES);
  memory.copy(last, message + at, left);
  store<u8>(last + left, 0x80);
  if (left >= 112) {
    compress(chain, last, rounds, work);
    memory.fill(last, 0, BLOCK_BYTES);
  }
  store<u64>(last, bswap<u64>(((before + bytes) as u64) * 8), 120);
  compress(chain, last, rounds, work);
  for (let i: usize = 0; i < STATE_BYTES; i += 8) store<u64>(out + i, bswap<u64>(load<u64>(chain + i)));
}

/** Takes a block into a state, eight words of 64 bits. */
export function compress(state: usize, block: usize, rounds: usize, schedule: usize): void {
  let a = load<u64>(state, 0);
  let b = load<u64>(state, 8);
  let c = load<u64>(state, 16);
  let d = load<u64>(state, 24);
  let e = load<u64>(state, 32);
  let f = load<u64>(state, 40);
  let g = load<u64>(state, 48);
  let h = load<u64>(state, 56);
  for (let i: usize = 0; i < 80; i++) {
    const slot = schedule + ((i & 15) << 3);
    let word: u64;
    if (i < 16) {
      word = bswap<u64>(load<u64>(block + (i << 3)));
    } else {
      const early = load<u64>(schedule + (((i + 1) & 15) << 3));
      const late = load<u64>(schedule + (((i + 14) & 15) << 3));
      word =
        load<u64>(slot) +
        (rotr<u64>(early, 1) ^ rotr<u64>(early, 8) ^ (early >> 7)) +
        load<u64>(schedule + (((i + 9) & 15) << 3)) +
        (rotr<u64>(late, 19) ^ rotr<u64>(late, 61) ^ (late >> 6));
    }
    store<u64>(slot, word);
    const first =
      h +
      (rotr<u64>(e, 14) ^ rotr<u64>(e, 18) ^ rotr<u64>(e, 41)) +
      (g ^ (e & (f ^ g))) +
      load<u64>(rounds + (i << 3)) +
      word;
    const second = (rotr<u64>(a, 28) ^ rotr<u64>(a, 34) ^ rotr<u64>(a, 39)) + ((a & b) | (c & (a | b)));
    h = g;
    g = f;
    f = e;
    e = d + first;
    d = c;
    c = b;
    b = a;
    a = first + second;
  }
  store<u64>(state, load<u64>(state, 0) + a, 0);
  store<u64>(state, load<u64>(state, 8) + b, 8);
  store<u64>(state, load<u64>(state, 16) + c, 16);
  store<u64>(state, load<u64>(state, 24) + d, 24);
  store<u64>(state, load<u64>(state, 32) + e, 32);
  store<u64>(state, load<u64>(state, 40) + f, 40);
  store<u64>(state, load<u64>(state, 48) + g, 48);
  store<u64>(state, load<u64>(state, 56) + h, 56);
}

/** SipHash-2-4 with 128 bits of output of a key and a byte for its purpose, and the places of a key's rows by it.
 *  @module */

@inline
function hash(out: usize, key: usize, k0: u64, k1: u64, purpose: u64): void {
  let v0: u64 = 0x736f6d6570736575 ^ k0;
  let v1: u64 = 0x646f72616e646f6d ^ k1 ^ 0xee;
  let v2: u64 = 0x6c7967656e657261 ^ k0;
  let v3: u64 = 0x7465646279746573 ^ k1;
  // Two rounds for each of three words, of which the last has the message's length; then four for each half.
  for (let step = 0; step < 5; step++) {
    let m: u64 = 0;
    if (step < 2) m = load<u64>(key + ((step as usize) << 3));
    else if (step == 2) m = purpose | (17 << 56);
    if (step < 3) v3 ^= m;
    else if (step == 3) v2 ^= 0xee;
    else v1 ^= 0xdd;
    const rounds = step < 3 ? 2 : 4;
    for (let i = 0; i < rounds; i++) {
      v0 += v1;
      v1 = rotl<u64>(v1, 13) ^ v0;
      v0 = rotl<u64>(v0, 32);
      v2 += v3;
      v3 = rotl<u64>(v3, 16) ^ v2;
      v0 += v3;
      v3 = rotl<u64>(v3, 21) ^ v0;
      v2 += v1;
      v1 = rotl<u64>(v1, 17) ^ v2;
      v2 = rotl<u64>(v2, 32);
    }
    if (step < 3) v0 ^= m;
    else store<u64>(out + ((step as usize - 3) << 3), v0 ^ v1 ^ v2 ^ v3);
  }
}

/** Hashes of `count` keys, 16 bytes each, at `out`, under the seed of 16 bytes at `seed`. */
export function hashKeys(out: usize, seed: usize, keys: usize, count: usize, purpose: u32): void {
  const k0 = load<u64>(seed);
  const k1 = load<u64>(seed, 8);
  for (let i: usize = 0; i < count << 4; i += 16) hash(out + i, keys + i, k0, k1, purpose);
}

@inline
function scale(word: u32, bound: u64): u32 {
  return (((word as u64) * bound) >> 32) as u32;
}

/** From hashes to places, in place: three distinct rows below `sparse`, then the dense word under `mask`. */
export function place(hashes: usize, count: usize, sparse: u32, mask: u32): void {
  const bound = sparse as u64;
  for (let at = hashes; at < hashes + (count << 4); at += 16) {
    const a = scale(load<u32>(at), bound);
    let b = scale(load<u32>(at, 4), bound - 1);
    b += (b >= a) as u32;
    let c = scale(load<u32>(at, 8), bound - 2);
    c += (c >= min(a, b)) as u32;
    c += (c >= max(a, b)) as u32;
    store<u32>(at, a);
    store<u32>(at, b, 4);
    store<u32>(at, c, 8);
    store<u32>(at, load<u32>(at, 12) & mask, 12);
  }
}

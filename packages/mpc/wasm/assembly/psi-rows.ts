/** Sums of a store's rows, over GF(2): what a key reads, and the row of its own that makes it read its value. Places are
 *  four words: three rows, and a dense word that chooses one entry of each of `tables` tables of 256.
 *  @module */

/** The sums of all subsets of eight dense rows after another at `rows`, for `groups` tables, at `tables`. */
export function denseTables(tables: usize, rows: usize, width: usize, groups: usize): void {
  for (let group: usize = 0; group < groups; group++) {
    const table = tables + (group << 8) * width;
    memory.fill(table, 0, width);
    for (let bits: usize = 1; bits < 256; bits++) {
      const to = table + bits * width;
      const rest = table + (bits & (bits - 1)) * width;
      const row = rows + ((group << 3) + ctz(bits)) * width;
      let b: usize = 0;
      for (; b + 16 <= width; b += 16) v128.store(to + b, v128.xor(v128.load(rest + b), v128.load(row + b)));
      for (; b < width; b++) store<u8>(to + b, load<u8>(rest + b) ^ load<u8>(row + b));
    }
  }
}

@inline
function entry(tables: usize, group: usize, word: u32, width: usize): usize {
  return tables + ((group << 8) + ((word >> ((group << 3) as u32)) & 255)) * width;
}

@inline
function sum16(a: usize, b: usize, c: usize, d: usize, e: usize, f: usize, g: usize): v128 {
  const sparse = v128.xor(v128.xor(v128.load(a), v128.load(b)), v128.load(c));
  const dense = v128.xor(v128.xor(v128.load(d), v128.load(e)), v128.xor(v128.load(f), v128.load(g)));
  return v128.xor(sparse, dense);
}

@inline
function sum1(a: usize, b: usize, c: usize, d: usize, e: usize, f: usize, g: usize): u8 {
  const sparse = load<u8>(a) ^ load<u8>(b) ^ load<u8>(c);
  return sparse ^ load<u8>(d) ^ load<u8>(e) ^ load<u8>(f) ^ load<u8>(g);
}

/** What `count` keys read, `width` bytes each, at `out`, `stride` bytes apart. */
export function decode(
  out: usize,
  stride: usize,
  rows: usize,
  width: usize,
  tables: usize,
  places: usize,
  count: usize,
): void {
  for (let i: usize = 0; i < count; i++, places += 16, out += stride) {
    const a = rows + (load<u32>(places) as usize) * width;
    const b = rows + (load<u32>(places, 4) as usize) * width;
    const c = rows + (load<u32>(places, 8) as usize) * width;
    const word = load<u32>(places, 12);
    const d = entry(tables, 0, word, width);
    const e = entry(tables, 1, word, width);
    const f = entry(tables, 2, word, width);
    const g = entry(tables, 3, word, width);
    let o: usize = 0;
    for (; o + 16 <= width; o += 16) v128.store(out + o, sum16(a + o, b + o, c + o, d + o, e + o, f + o, g + o));
    for (; o < width; o++) store<u8>(out + o, sum1(a + o, b + o, c + o, d + o, e + o, f + o, g + o));
  }
}

/** Sets the own rows of `count` keys, pairs at `order` from the last to the first, so that each reads its value, `width` bytes
 *  at `values`. */
export function assign(
  rows: usize,
  width: usize,
  tables: usize,
  places: usize,
  values: usize,
  order: usize,
  count: usize,
): void {
  for (let at = order + (count << 3) - 8; at >= order; at -= 8) {
    const key = load<u32>(at) as usize;
    const own = rows + (load<u32>(at, 4) as usize) * width;
    const value = values + key * width;
    const place = places + (key << 4);
    const a = rows + (load<u32>(place) as usize) * width;
    const b = rows + (load<u32>(place, 4) as usize) * width;
    const c = rows + (load<u32>(place, 8) as usize) * width;
    const word = load<u32>(place, 12);
    const d = entry(tables, 0, word, width);
    const e = entry(tables, 1, word, width);
    const f = entry(tables, 2, word, width);
    const g = entry(tables, 3, word, width);
    // The own row is among the three: added twice, it is gone.
    let o: usize = 0;
    for (; o + 16 <= width; o += 16) {
      const rest = sum16(a + o, b + o, c + o, d + o, e + o, f + o, g + o);
      v128.store(own + o, v128.xor(v128.xor(rest, v128.load(own + o)), v128.load(value + o)));
    }
    for (; o + 4 <= width; o += 4) {
      const sparse = load<u32>(a + o) ^ load<u32>(b + o) ^ load<u32>(c + o) ^ load<u32>(own + o);
      const dense = load<u32>(d + o) ^ load<u32>(e + o) ^ load<u32>(f + o) ^ load<u32>(g + o);
      store<u32>(own + o, sparse ^ dense ^ load<u32>(value + o));
    }
    for (; o < width; o++) {
      const rest = sum1(a + o, b + o, c + o, d + o, e + o, f + o, g + o);
      store<u8>(own + o, rest ^ load<u8>(own + o) ^ load<u8>(value + o));
    }
  }
}

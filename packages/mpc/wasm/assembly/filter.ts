/** A key-value filter over Z_256 in one bucket: peel, assign, decode (Graf and Lemire, 2022, §3). The same as
 *  packages/mpc/src/lookup/filter.ts, word for word of the results. Key k has the rows at `rows + 12 · k`, three words.
 *  @module */

// Subtracts or adds `width` bytes at `from` to those at `to`, modulo 256.
@inline
function combine(to: usize, from: usize, width: usize, minus: bool): void {
  let i: usize = 0;
  for (; i + 16 <= width; i += 16) {
    const a = v128.load(to + i);
    const b = v128.load(from + i);
    v128.store(to + i, minus ? i8x16.sub(a, b) : i8x16.add(a, b));
  }
  for (; i < width; i++) {
    const a = load<u8>(to + i);
    const b = load<u8>(from + i);
    store<u8>(to + i, minus ? a - b : a + b);
  }
}

/** Peels `count` keys at `keys`, in place; each key's own row comes first. `scratch` has four words for each row.
 *  1, or 0 when some cannot be told apart, and then `keys` is as it was. */
export function peel(keys: usize, count: u32, rows: usize, rowCount: u32, scratch: usize): i32 {
  if (count > rowCount) return 0;
  const degree = scratch;
  const keyXor = degree + ((rowCount as usize) << 2);
  const queue = keyXor + ((rowCount as usize) << 2);
  const order = queue + ((rowCount as usize) << 2);
  memory.fill(degree, 0, (rowCount as usize) << 3);
  for (let i: usize = 0; i < count; i++) {
    const key = load<u32>(keys + (i << 2));
    const at = rows + (key as usize) * 12;
    for (let j: usize = 0; j < 12; j += 4) {
      const row = (load<u32>(at + j) as usize) << 2;
      store<u32>(degree + row, load<u32>(degree + row) + 1);
      store<u32>(keyXor + row, load<u32>(keyXor + row) ^ key);
    }
  }
  let queued: usize = 0;
  for (let row: u32 = 0; row < rowCount; row++) {
    if (load<u32>(degree + ((row as usize) << 2)) != 1) continue;
    store<u32>(queue + (queued << 2), row);
    queued++;
  }
  let peeled: usize = 0;
  while (queued > 0) {
    queued--;
    const row = load<u32>(queue + (queued << 2));
    if (load<u32>(degree + ((row as usize) << 2)) != 1) continue;
    const key = load<u32>(keyXor + ((row as usize) << 2));
    store<u32>(order + (peeled << 2), key);
    peeled++;
    const at = rows + (key as usize) * 12;
    for (let j: usize = 0; j < 12; j += 4) {
      const other = load<u32>(at + j);
      const place = (other as usize) << 2;
      const left = load<u32>(degree + place) - 1;
      store<u32>(keyXor + place, load<u32>(keyXor + place) ^ key);
      store<u32>(degree + place, left);
      if (left == 1) {
        store<u32>(queue + (queued << 2), other);
        queued++;
      }
      if (other != row) continue;
      store<u32>(at + j, load<u32>(at));
      store<u32>(at, row);
    }
  }
  if (peeled != count) return 0;
  memory.copy(keys, order, peeled << 2);
  return 1;
}

/** Makes the three rows of each key sum to what its first holds. Row r of the bucket is `width` bytes at `first + r · stride`. */
export function assign(first: usize, stride: usize, width: usize, keys: usize, count: u32, rows: usize): void {
  for (let i: usize = (count as usize) << 2; i > 0; i -= 4) {
    const at = rows + (load<u32>(keys + i - 4) as usize) * 12;
    const own = first + (load<u32>(at) as usize) * stride;
    combine(own, first + (load<u32>(at, 4) as usize) * stride, width, true);
    combine(own, first + (load<u32>(at, 8) as usize) * stride, width, true);
  }
}

/** The values of `count` keys, one after another at `out`: the sums of their rows. */
export function decode(
  out: usize,
  first: usize,
  stride: usize,
  width: usize,
  keys: usize,
  count: u32,
  rows: usize,
): void {
  for (let i: usize = 0; i < count; i++, out += width) {
    const at = rows + (load<u32>(keys + (i << 2)) as usize) * 12;
    memory.copy(out, first + (load<u32>(at) as usize) * stride, width);
    combine(out, first + (load<u32>(at, 4) as usize) * stride, width, false);
    combine(out, first + (load<u32>(at, 8) as usize) * stride, width, false);
  }
}

/** Sums of columns times whole weights modulo q = 2^56 - LESS, the prime of linear scoring. Coefficients are split into halves of
 *  28 bits: while the magnitudes of all weights add up to 2^34 at most, no sum of products passes 2^62 and nothing is
 *  reduced before the end. No branch depends on a coefficient but the one that refuses it. */

const LESS: u64 = 286_719;
const PRIME: u64 = (1 << 56) - LESS;
const MASK: u64 = (1 << 56) - 1;
const HALF: u64 = (1 << 28) - 1;

/** `x` below 2^63, modulo q. */
@inline
function fold(x: u64): u64 {
  const y = (x >> 56) * LESS + (x & MASK);
  return y >= PRIME ? y - PRIME : y;
}

@inline
function accumulate(sums: usize, value: u64, weight: i64): void {
  store<i64>(sums, load<i64>(sums) + weight * <i64>(value & HALF));
  store<i64>(sums, load<i64>(sums, 8) + weight * <i64>(value >> 28), 8);
}

/** Adds `weight` times `count` coefficients of 7 bytes to pairs of sums; reads one byte further. 0 when one is not below q. */
export function addColumn(column: usize, count: u32, weight: f64, sums: usize): u32 {
  const whole = <i64>weight;
  let above: u64 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const value = load<u64>(column) & MASK;
    above |= PRIME - 1 - value;
    accumulate(sums, value, whole);
    column += 7;
    sums += 16;
  }
  return <i64>above < 0 ? 0 : 1;
}

/** Adds `weight` times `count` words of a seed's stream, modulo q, to pairs of sums. */
export function addMask(words: usize, count: u32, weight: f64, sums: usize): void {
  const whole = <i64>weight;
  for (let i: u32 = 0; i < count; i++) {
    accumulate(sums, fold(load<u64>(words)), whole);
    words += 8;
    sums += 16;
  }
}

/** Writes sums plus `constant`, which is below 2^56 in magnitude, modulo q in 7 bytes each, and one byte further. 0 when all are zero. */
export function reduceSums(sums: usize, count: u32, constant: f64, out: usize): u32 {
  const added = fold(<u64>(<i64>constant + 2 * PRIME));
  let any: u64 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const low = fold(<u64>(load<i64>(sums) + 64 * <i64>PRIME));
    const high = fold(<u64>(load<i64>(sums, 8) + 64 * <i64>PRIME));
    // 2^28 times `high`, whose upper half meets 2^56 = LESS.
    const value = fold(fold((high >> 28) * LESS + ((high & HALF) << 28)) + low + added);
    any |= value;
    store<u64>(out, value);
    sums += 16;
    out += 7;
  }
  return any == 0 ? 0 : 1;
}

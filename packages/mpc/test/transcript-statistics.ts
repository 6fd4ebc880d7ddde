/** What an observer of many queries can count, each with a threshold that chance passes at most once in `FALSE_ALARM` – by
 *  Hoeffding's inequality, the tail of the chi-square distribution (Laurent and Massart, 2000) or a union bound, not by trying.
 *  Statistics are given relative to their thresholds: above 1 is an alarm.
 *  @module */

/** Probability of a false alarm of one statistic. A test that looks at ten of them stays below 10^-6. */
export const FALSE_ALARM = 1e-7;
const BYTE_VALUES = 256;

/** Bytes of any value in equal shares? Pearson's chi-square with 255 degrees of freedom. */
export function byteValues(frames: readonly Uint8Array[]): number {
  const counts = countBytes(frames);
  const expected = frames.reduce((sum, frame) => sum + frame.length, 0) / BYTE_VALUES;
  let statistic = 0;
  for (const count of counts) statistic += (count - expected) ** 2 / expected;
  return statistic / chiSquareThreshold(BYTE_VALUES - 1);
}

/** Byte values of two sets of frames from one distribution? Chi-square of homogeneity. */
export function sameByteValues(one: readonly Uint8Array[], other: readonly Uint8Array[]): number {
  const [a, b] = [countBytes(one), countBytes(other)];
  const [sizeA, sizeB] = [a, b].map((counts) => counts.reduce((sum, count) => sum + count, 0)) as [number, number];
  let statistic = 0;
  for (let value = 0; value < BYTE_VALUES; value++) {
    const all = (a[value] ?? 0) + (b[value] ?? 0);
    if (all === 0) continue;
    const expected = (all * sizeA) / (sizeA + sizeB);
    statistic += (((a[value] ?? 0) - expected) ** 2 / expected) * ((sizeA + sizeB) / sizeB);
  }
  return statistic / chiSquareThreshold(BYTE_VALUES - 1);
}

/** Every bit of every position set in half of the frames? The worst one. */
export function bitBalance(frames: readonly Uint8Array[]): number {
  const positions = frames[0]?.length ?? 0;
  const threshold = Math.sqrt((frames.length * Math.log((2 * 8 * positions) / FALSE_ALARM)) / 2);
  let worst = 0;
  for (let at = 0; at < positions; at++) {
    for (let bit = 0; bit < 8; bit++) {
      let set = 0;
      for (const frame of frames) set += ((frame[at] ?? 0) >> bit) & 1;
      worst = Math.max(worst, Math.abs(set - frames.length / 2));
    }
  }
  return worst / threshold;
}

/** The same mean at every position in both sets? The worst one. */
export function positionMeans(one: readonly Uint8Array[], other: readonly Uint8Array[]): number {
  const positions = one[0]?.length ?? 0;
  const width = 1 / one.length + 1 / other.length;
  const threshold = 255 * Math.sqrt((width * Math.log((2 * positions) / FALSE_ALARM)) / 2);
  let worst = 0;
  for (let at = 0; at < positions; at++) worst = Math.max(worst, Math.abs(meanAt(one, at) - meanAt(other, at)));
  return worst / threshold;
}

/** Words at the rows that a key selects like any others? Their mean over all frames, against one half of the range. */
export function selectedRows(frames: readonly Uint32Array[], rows: readonly number[]): number {
  const count = frames.length * rows.length;
  let sum = 0;
  for (const words of frames) for (const row of rows) sum += (words[row] ?? 0) / 2 ** 32 - 0.5;
  return Math.abs(sum / count) / Math.sqrt(Math.log(2 / FALSE_ALARM) / (2 * count));
}

/** Parities that an error-free query would have by the matrix alone: even as often as odd? `kernel` as `leftKernel` gives it. */
export function kernelParities(frames: readonly Uint32Array[], kernel: readonly Uint32Array[]): number {
  let odd = 0;
  for (const words of frames) {
    const low = lowBits(words, Math.ceil(words.length / 32));
    for (const vector of kernel) {
      let parities = 0;
      for (let i = 0; i < low.length; i++) parities ^= (vector[i] ?? 0) & (low[i] ?? 0);
      for (let shift = 16; shift > 0; shift >>= 1) parities ^= parities >>> shift;
      odd += parities & 1;
    }
  }
  const count = frames.length * kernel.length;
  return Math.abs(odd - count / 2) / Math.sqrt((count * Math.log(2 / FALSE_ALARM)) / 2);
}

/** Words of a difference that are looked at, and how near to zero is near. */
const COMPARED_WORDS = 64;
const NEAR = 1_024;
/** Near words in one pair: of a million pairs, one has so many by chance with probability 2^-45. */
const MANY_NEAR = 4;

/** Pairs of queries whose difference is short: two of one secret differ by their errors alone, but at selected rows. */
export function shortDifferences(frames: readonly Uint32Array[]): number {
  let pairs = 0;
  for (const [i, one] of frames.entries()) {
    for (let j = i + 1; j < frames.length; j++) {
      const other = frames[j] ?? one;
      let near = 0;
      for (let at = 0; at < COMPARED_WORDS; at++) {
        if (Math.abs(((one[at] ?? 0) - (other[at] ?? 0)) | 0) < NEAR) near++;
      }
      if (near >= MANY_NEAR) pairs++;
    }
  }
  return pairs;
}

/** Bit vectors w with w · A even in every column, for the rows of a matrix with 1,024 columns: as many as there are rows more. */
export function leftKernel(rows: readonly Uint32Array[]): Uint32Array[] {
  const columns = rows[0]?.length ?? 0;
  const reduced = rows.map((row, i) => {
    const bits = lowBits(row, (columns >>> 5) + Math.ceil(rows.length / 32));
    const own = columns + i;
    bits[own >>> 5] = (bits[own >>> 5] ?? 0) | (1 << (own & 31));
    return bits;
  });
  const has = (bits: Uint32Array, j: number): boolean => (((bits[j >>> 5] ?? 0) >>> (j & 31)) & 1) === 1;
  let rank = 0;
  for (let j = 0; j < columns; j++) {
    const pivot = reduced.findIndex((bits, i) => i >= rank && has(bits, j));
    if (pivot < 0) continue;
    [reduced[rank], reduced[pivot]] = [reduced[pivot] ?? new Uint32Array(), reduced[rank] ?? new Uint32Array()];
    const chosen = reduced[rank++] ?? new Uint32Array();
    for (let i = rank; i < reduced.length; i++) {
      const bits = reduced[i] ?? new Uint32Array();
      if (has(bits, j)) for (let k = 0; k < bits.length; k++) bits[k] = (bits[k] ?? 0) ^ (chosen[k] ?? 0);
    }
  }
  return reduced.slice(rank).map((bits) => bits.subarray(columns >>> 5));
}

/** The lowest bit of each word, 32 to an entry, in `length` entries. */
function lowBits(words: Uint32Array, length: number): Uint32Array {
  const bits = new Uint32Array(length);
  for (let j = 0; j < words.length; j++) bits[j >>> 5] = (bits[j >>> 5] ?? 0) | (((words[j] ?? 0) & 1) << (j & 31));
  return bits;
}

function countBytes(frames: readonly Uint8Array[]): Float64Array {
  const counts = new Float64Array(BYTE_VALUES);
  for (const frame of frames) for (const byte of frame) counts[byte] = (counts[byte] ?? 0) + 1;
  return counts;
}

function meanAt(frames: readonly Uint8Array[], at: number): number {
  let sum = 0;
  for (const frame of frames) sum += frame[at] ?? 0;
  return sum / frames.length;
}

export function chiSquareThreshold(degrees: number): number {
  const x = Math.log(1 / FALSE_ALARM);
  return degrees + 2 * Math.sqrt(degrees * x) + 2 * x;
}

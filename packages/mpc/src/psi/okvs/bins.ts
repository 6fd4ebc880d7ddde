/** Bins of equal padded size for sets that are too large for one store: each key falls in one under a seed, and every
 *  bin shows the same load, so that loads tell nothing of the keys.
 *  @module */
import { SluiceError, type Bytes } from "@sluice/protocol";
import { openPsiKernel } from "../../kernel/psi-kernel.ts";
import { PURPOSE } from "../../kernel/siphash.ts";
import { layOut } from "./regions.ts";
import { KEY_BYTES, SEED_BYTES } from "./store.ts";

/** Keys of a bin on average, at most. */
export const BIN_ITEMS = 65_536;
/** Most keys in all, 10^7 with their padding. Up to here the failures of all stores and of the bins sum to less than 2^-40. */
export const MAX_BINNED_ITEMS = 10_485_760;
/** Keys that are hashed at once. */
const CHUNK_KEYS = 16_384;
/** Minus log2 of how often a load overflows, at most: small beside the failures of stores. */
const OVERFLOW_BITS = 44;

/** Bins of a set, and the most keys that one holds. */
export interface BinShape {
  readonly bins: number;
  readonly load: number;
}

/** The bins of a padded size, 0 … `MAX_BINNED_ITEMS`; the same for both sides. More than `load` fall in some bin with a
 *  probability of 2^-44 at most.
 *  @throws RangeError for other sizes. */
export function binShape(paddedItems: number): BinShape {
  if (!Number.isInteger(paddedItems) || paddedItems < 0 || paddedItems > MAX_BINNED_ITEMS) {
    throw new RangeError(`bins are for 0 to ${MAX_BINNED_ITEMS} keys`);
  }
  const bins = Math.max(1, Math.ceil(paddedItems / BIN_ITEMS));
  return { bins, load: bins === 1 ? paddedItems : binLoad(paddedItems, bins) };
}

/** The least load of which `log2(bins · P(more)) ≤ -OVERFLOW_BITS`, P the exact tail of the binomial distribution. */
export function binLoad(items: number, bins: number): number {
  const logOdds = -Math.log(bins - 1);
  const limit = -OVERFLOW_BITS * Math.LN2 - Math.log(bins);
  const mean = items / bins;
  // log P(exactly the mean), then term by term upwards; the tail beyond a load is summed from where terms vanish.
  const terms: number[] = [];
  const from = Math.floor(mean);
  let term = logBinomial(items, from) - from * Math.log(bins) + (items - from) * Math.log1p(-1 / bins);
  for (let k = from; k <= items && term > limit - 60; k++) {
    terms.push(term);
    term += Math.log((items - k) / (k + 1)) + logOdds;
  }
  let tail = 0;
  for (let i = terms.length - 1; i >= 0; i--) {
    tail += Math.exp(terms[i] ?? 0);
    if (Math.log(tail) > limit) return from + i;
  }
  return from;
}

function logBinomial(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

/** Stirling's series, to 10^-14 from 16 on. */
function logFactorial(n: number): number {
  let shift = 0;
  let x = n + 1;
  for (; x < 16; x++) shift += Math.log(x);
  const tail = 1 / (12 * x) - 1 / (360 * x ** 3) + 1 / (1260 * x ** 5);
  return (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + tail - shift;
}

/** Keys sorted by their bins, those of one bin in their order: the place of each, `starts[b] … starts[b + 1]` in bin b. */
export interface Binned {
  readonly places: Uint32Array;
  readonly starts: Uint32Array;
}

/** Sorts keys of 16 bytes into bins. The seed is drawn when the keys are fixed; it may be that of the stores. */
export function binKeys(bins: number, seed: Bytes, keys: Bytes, open = openPsiKernel): Binned {
  const count = keys.length / KEY_BYTES;
  const binOf = new Uint32Array(count);
  const { at, sizeBytes } = layOut({ seed: SEED_BYTES, keys: CHUNK_KEYS * KEY_BYTES, hashes: CHUNK_KEYS * KEY_BYTES });
  const kernel = open(sizeBytes);
  const hashes = new Uint32Array(kernel.bytes.buffer, at.hashes, 4 * CHUNK_KEYS);
  kernel.bytes.set(seed, at.seed);
  const starts = new Uint32Array(bins + 1);
  // All keys of one bin are in it.
  for (let first = bins === 1 ? count : 0; first < count; first += CHUNK_KEYS) {
    const chunk = keys.subarray(first * KEY_BYTES, (first + CHUNK_KEYS) * KEY_BYTES);
    kernel.bytes.set(chunk, at.keys);
    kernel.hashKeys(at.hashes, at.seed, at.keys, chunk.length / KEY_BYTES, PURPOSE.bins);
    for (let i = 0; i < chunk.length / KEY_BYTES; i++) {
      binOf[first + i] = Math.floor(((hashes[4 * i] ?? 0) * bins) / 2 ** 32);
    }
  }
  for (const bin of binOf) starts[bin + 1] = (starts[bin + 1] ?? 0) + 1;
  for (let bin = 0; bin < bins; bin++) starts[bin + 1] = (starts[bin + 1] ?? 0) + (starts[bin] ?? 0);
  const next = starts.slice();
  const places = binOf;
  for (let key = 0; key < count; key++) {
    const bin = binOf[key] ?? 0;
    const place = next[bin] ?? 0;
    next[bin] = place + 1;
    places[key] = place;
  }
  return { places, starts };
}

/** Checks that each bin holds `load` keys at most.
 *  @throws ERR_PSI_ENCODING when one holds more, with probability 2^-44 at most. */
export function checkLoads({ starts }: Binned, { load }: BinShape): void {
  for (let bin = 1; bin < starts.length; bin++) {
    if ((starts[bin] ?? 0) - (starts[bin - 1] ?? 0) > load) throw new SluiceError("ERR_PSI_ENCODING", {});
  }
}

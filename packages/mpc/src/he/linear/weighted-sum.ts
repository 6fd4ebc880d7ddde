/** What the domain computes: the sum of encrypted columns times whole weights, on the bytes of the frame. Seeds are expanded as
 *  SEAL does. One instance per thread; a call runs to its end without waiting.
 *  @module */
import { SCORE_COEFFICIENT_BYTES, SCORE_RING, SCORE_SEED_BYTES, SluiceError, type Bytes } from "@sluice/protocol";
import { openLinearKernel, type LinearKernel } from "../../kernel/linear-kernel.ts";

/** Words of a stream at or above it are replaced: 2^64 - 1 - ((2^64 - 1) mod q) - 1, as SEAL 4.1 has it. */
export const SEED_LIMIT = 18_446_744_073_636_151_551n;
/** Order of the words of a message in the rounds of BLAKE2b (RFC 7693 §2.7), which the compiled code reads: columns first
 *  words, columns second words and diagonals as the RFC has them. */
const ROUND_ORDERS = [
  "0123456789abcdef",
  "ea489fd61c02b753",
  "b8c052fdae367194",
  "7931dcbe265a40f8",
  "905724afe1bc683d",
  "2c6a0b834d75fe19",
  "c51fed4a0763928b",
  "db7ec13950f4862a",
  "6fe9b308c2d714a5",
  "a2847615fb9e3cd0",
];

const WORDS_BYTES = SCORE_RING * 8;
/** Words of a part of a seed's stream. */
const PART_WORDS = 512;
const SUMS_BYTES = SCORE_RING * 16;
/** The kernels write and read one byte further than a polynomial. */
const COLUMN_BYTES = SCORE_RING * SCORE_COEFFICIENT_BYTES + 8;

/** Places in the memory of the kernels. */
const SEED = 0;
const ORDERS = SEED + SCORE_SEED_BYTES;
const SCRATCH = ORDERS + 192;
const WORDS = SCRATCH + 8_192;
const COLUMN = WORDS + WORDS_BYTES;
const SUMS0 = COLUMN + COLUMN_BYTES;
const SUMS1 = SUMS0 + SUMS_BYTES;
const END = SUMS1 + SUMS_BYTES;

let opened: LinearKernel | undefined;

/** A column as it came: its seed and its first coefficients, packed. */
export type EncryptedColumn = { seed: Bytes; c0: Bytes };

/** Σ weight · column + intercept: the first polynomial as far as the columns go, in coefficients, the second whole, in NTT form.
 *  @param weights whole numbers whose magnitudes add up to 2^34 at most, one per column
 *  @param intercept a whole number below 2^56 in magnitude
 *  @param refused makes the error for column `index` */
export function weightedSum(
  columns: readonly EncryptedColumn[],
  weights: readonly number[],
  intercept: number,
  refused: (index: number, reason: string) => SluiceError,
): { c0: Bytes; c1: Bytes } {
  const kernel = linearKernel();
  const { bytes } = kernel;
  const count = (columns[0]?.c0.length ?? 0) / SCORE_COEFFICIENT_BYTES;
  bytes.fill(0, SUMS0, END);
  for (const [index, { seed, c0 }] of columns.entries()) {
    const weight = weights[index] ?? 0;
    bytes.set(c0, COLUMN);
    if (kernel.addColumn(COLUMN, count, weight, SUMS0) === 0) throw refused(index, "it does not load");
    // A weight that is zero hides nothing: the model counts as published.
    if (weight === 0) continue;
    bytes.set(seed, SEED);
    kernel.expandSeed(SEED, SCORE_RING / PART_WORDS, SEED_LIMIT, ORDERS, WORDS, SCRATCH);
    kernel.addMask(WORDS, SCORE_RING, weight, SUMS1);
  }
  kernel.reduceSums(SUMS0, count, intercept, COLUMN);
  const sum0 = bytes.slice(COLUMN, COLUMN + count * SCORE_COEFFICIENT_BYTES);
  if (kernel.reduceSums(SUMS1, SCORE_RING, 0, COLUMN) === 0) {
    throw refused(columns.length - 1, "the result would be transparent");
  }
  return { c0: sum0, c1: bytes.slice(COLUMN, COLUMN + SCORE_RING * SCORE_COEFFICIENT_BYTES) };
}

/** The 4096 words that `seed` stands for, not yet reduced, as bytes. `limit` is another in tests only. */
export function expandedSeed(seed: Bytes, limit = SEED_LIMIT): Bytes {
  const kernel = linearKernel();
  const { bytes } = kernel;
  bytes.set(seed, SEED);
  kernel.expandSeed(SEED, SCORE_RING / PART_WORDS, limit, ORDERS, WORDS, SCRATCH);
  return bytes.slice(WORDS, WORDS + WORDS_BYTES);
}

function linearKernel(): LinearKernel {
  if (opened !== undefined) return opened;
  const kernel = openLinearKernel(END);
  if (kernel === null) throw new SluiceError("ERR_INTERNAL", { reference: "he.kernel" });
  const orders = ROUND_ORDERS.flatMap((line) => Array.from(line, (digit) => Number.parseInt(digit, 16)));
  kernel.bytes.set(orders, ORDERS);
  opened = kernel;
  return kernel;
}

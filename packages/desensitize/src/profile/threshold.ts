/** The rules by which counts of persons may be shown: a minimum, rounding, and nothing small left to be taken as a
 *  difference. A rest below the minimum is counted with the most frequent figure, so that no sum has a gap.
 *  @module */
import { SluiceError } from "@sluice/protocol";

/** Figures of a profile are multiples of it. */
export const PROFILE_BASE = 5;

/** `count` rounded to the nearest multiple of PROFILE_BASE. */
export function roundPersons(count: number): number {
  return Math.floor((count + 2) / PROFILE_BASE) * PROFILE_BASE;
}

/** Smallest of 10, 20, 50, 100 … that is not below `count`. */
export function distinctBound(count: number): number {
  return Math.max(10, niceAtLeast(count));
}

/** Smallest of 1, 2 and 5 times a power of ten that is not below `number`, which is above zero. */
export function niceAtLeast(number: number): number {
  const exponent = Math.floor(Math.log10(number));
  for (const [mantissa, shift] of [
    [1, 0],
    [2, 0],
    [5, 0],
    [1, 1],
  ] as const) {
    const nice = Number(`${mantissa}e${exponent + shift}`);
    if (nice >= number) return nice;
  }
  return Number(`2e${exponent + 1}`);
}

/** Adds `rest`, which is below the minimum, to the largest of `counts`. */
export function foldIntoLargest(counts: readonly number[], rest: number): number[] {
  const largest = counts.indexOf(Math.max(...counts));
  return counts.map((count, i) => (i === largest ? count + rest : count));
}

/** A whole number of a result. @throws ERR_STORE when it is none */
export function countOf(cell: unknown): number {
  const number = typeof cell === "bigint" ? Number(cell) : cell;
  if (typeof number === "number" && Number.isSafeInteger(number)) return number;
  throw new SluiceError("ERR_STORE", { reason: "a count is no whole number" });
}

/** A number of a result; null where there is none. */
export function numberOf(cell: unknown): number | null {
  if (typeof cell === "bigint") return Number(cell);
  return typeof cell === "number" && Number.isFinite(cell) ? cell : null;
}

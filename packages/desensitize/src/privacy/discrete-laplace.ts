/** The discrete Laplace distribution, exactly: P(x) ∝ exp(-|x| / scale) over all whole numbers. Added to a whole-number
 *  answer of L1 sensitivity Δ at scale Δ/ε, it gives ε-differential privacy.
 *  @see Canonne, Kamath, Steinke, The Discrete Gaussian for Differential Privacy (2020), algorithm 2 (§5)
 *  @module */
import { bernoulliExp, bernoulliExpOne } from "./bernoulli-exp.ts";
import type { RandomWords } from "./random-words.ts";
import type { Rational } from "./rational.ts";

/** Draws one whole number. */
export type Sampler = (words: RandomWords) => bigint;

/** Numerators up to this are drawn as doubles, all of whose steps are whole numbers below 2^53. */
const MAX_SMALL = 2n ** 40n;
/** Unit steps that a small draw may take; one that takes more goes on in integers of any size. */
const MAX_SMALL_STEPS = 2 ** 12;

/** Sampler of scale `numerator / denominator`. @throws RangeError unless the scale is positive */
export function discreteLaplace({ numerator, denominator }: Rational): Sampler {
  if (numerator <= 0n || denominator <= 0n) throw new RangeError("a scale is positive");
  if (numerator > MAX_SMALL || denominator > MAX_SMALL) return (words) => drawLarge(words, numerator, denominator);
  const [t, s] = [Number(numerator), Number(denominator)];
  return (words) => drawSmall(words, t, s);
}

/** Algorithm 2 with doubles: U is uniform below t and kept with probability exp(-U/t), V geometric, X = U + tV. */
function drawSmall(words: RandomWords, t: number, s: number): bigint {
  for (;;) {
    const u = words.below(t);
    if (!bernoulliExp(words, u, t)) continue;
    const v = geometric(words);
    const y = v > MAX_SMALL_STEPS ? (BigInt(u) + BigInt(t) * BigInt(v)) / BigInt(s) : floored(u + t * v, s);
    const negative = words.bit();
    // Zero has one sign only.
    if (negative && (y === 0 || y === 0n)) continue;
    const magnitude = BigInt(y);
    return negative ? -magnitude : magnitude;
  }
}

function drawLarge(words: RandomWords, t: bigint, s: bigint): bigint {
  for (;;) {
    const u = words.belowBig(t);
    if (!bernoulliExp(words, u, t)) continue;
    const y = (u + t * BigInt(geometric(words))) / s;
    const negative = words.bit();
    if (negative && y === 0n) continue;
    return negative ? -y : y;
  }
}

/** ⌊x / s⌋ of whole numbers below 2^53: the remainder is exact, and so is a division without one. */
function floored(x: number, s: number): number {
  return s === 1 ? x : (x - (x % s)) / s;
}

/** Trials of exp(-1) that are true before the first that is not. */
function geometric(words: RandomWords): number {
  let count = 0;
  while (bernoulliExpOne(words)) count++;
  return count;
}

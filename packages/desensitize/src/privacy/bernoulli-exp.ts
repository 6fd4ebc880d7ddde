/** Bernoulli trials of rational probability, and of probability exp(-γ) for a rational γ: exact, without a logarithm.
 *  @see Canonne, Kamath, Steinke, The Discrete Gaussian for Differential Privacy (2020), algorithm 1 (§5)
 *  @module */
import type { RandomWords } from "./random-words.ts";

/** A whole number: a `number` below 2^53, or a `bigint`. */
type Whole = number | bigint;

const WORD = 2 ** 32;
/** Two operands, their quotient, the division by k and the sum with the margin err by 2^-53 each: this is more than three
 *  times as much. The quotient is exact or this close, since IEEE 754 rounds each operation correctly. */
const RELATIVE_ERROR = 2 ** -49;

/** True with probability numerator / denominator, which is from 0 to 1. */
export function bernoulli(words: RandomWords, numerator: Whole, denominator: Whole): boolean {
  return trial(words, Number(numerator) / Number(denominator), numerator, denominator, 1);
}

/** True with probability exp(-numerator / denominator). @param numerator At least 0 */
export function bernoulliExp(words: RandomWords, numerator: Whole, denominator: Whole): boolean {
  if (typeof numerator === "number" && typeof denominator === "number") {
    const rest = numerator % denominator;
    return survives(words, (numerator - rest) / denominator) && alternating(words, rest, denominator, 1);
  }
  const [a, b] = [BigInt(numerator), BigInt(denominator)];
  return survives(words, Number(a / b)) && alternating(words, a % b, b, 1);
}

/** True with probability exp(-1). */
export function bernoulliExpOne(words: RandomWords): boolean {
  // The first trial, of probability 1 / 1, is certain.
  return alternating(words, 1, 1, 2);
}

/** Whether `count` trials of exp(-1) are all true. A count too large for a double is as good as none: the first dozens of
 *  trials end it. */
function survives(words: RandomWords, count: number): boolean {
  for (let i = 0; i < count; i++) if (!bernoulliExpOne(words)) return false;
  return true;
}

/** Trials of a/b·1/k for k = `from`, `from` + 1, … until one fails; true when that was at an odd k. With from = 1, its
 *  probability is exp(-a/b) for a ≤ b. */
function alternating(words: RandomWords, a: Whole, b: Whole, from: number): boolean {
  const quotient = Number(a) / Number(b);
  let k = from;
  while (trial(words, quotient, a, b, k)) k++;
  return k % 2 === 1;
}

/** True with probability a / (b·k). 32 random bits are compared with a double that is this probability or close to it; when
 *  they are too close to tell, once in a billion times, whole numbers of any size decide over the same bits and more. */
function trial(words: RandomWords, quotient: number, a: Whole, b: Whole, k: number): boolean {
  const threshold = (quotient / k) * WORD;
  const margin = threshold * RELATIVE_ERROR;
  const word = words.word();
  if (word + 1 <= threshold - margin) return true;
  if (word >= threshold + margin) return false;
  return decide(words, word, BigInt(a), BigInt(b) * BigInt(k));
}

/** Whether (word + u) / 2^32 < a / b for a uniform u in [0, 1). */
function decide(words: RandomWords, word: number, a: bigint, b: bigint): boolean {
  const rest = (a << 32n) - BigInt(word) * b;
  if (rest <= 0n) return false;
  return rest >= b || words.belowBig(b) < rest;
}

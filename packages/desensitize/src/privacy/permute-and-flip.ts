/** Choice of one of several public candidates by whole-number scores, exactly: candidates are looked at in random order,
 *  and each is taken with probability exp(-ε (best - score) / 2Δ). It is ε-differentially private and never worse than the
 *  exponential mechanism; its trials are those of rational exponents, so no score becomes a floating-point weight.
 *  @see McKenna, Sheldon, Permute-and-Flip (2020), algorithm 1
 *  @module */
import { bernoulliExp } from "./bernoulli-exp.ts";
import type { RandomWords } from "./random-words.ts";
import type { Rational } from "./rational.ts";

/** Index of the chosen one of `scores`, of which higher is better.
 *  @param sensitivity How much one person changes any score at most
 *  @throws RangeError without a score, or unless sensitivity and ε are positive */
export function permuteAndFlip(
  scores: readonly bigint[],
  sensitivity: bigint,
  epsilon: Rational,
  words: RandomWords,
): number {
  const [first] = scores;
  if (first === undefined) throw new RangeError("a choice is among one candidate or more");
  if (sensitivity <= 0n || epsilon.numerator <= 0n) throw new RangeError("sensitivity and epsilon are positive");
  const best = scores.reduce((most, score) => (score > most ? score : most), first);
  const scale = 2n * sensitivity * epsilon.denominator;
  const order = Uint32Array.from(scores, (_, i) => i);
  for (let left = order.length; left > 1; left--) {
    // A random one of those that are left takes the last place among them.
    const at = words.below(left);
    const candidate = order[at] ?? 0;
    const worse = best - (scores[candidate] ?? best);
    if (bernoulliExp(words, worse * epsilon.numerator, scale)) return candidate;
    order[at] = order[left - 1] ?? 0;
  }
  // Whoever is left is the best: it is taken with certainty when its turn comes.
  return order[0] ?? 0;
}

/** The discrete Gaussian, exactly: P(x) ∝ exp(-x² / 2σ²) over all whole numbers. Added to whole-number answers of L2
 *  sensitivity Δ, it gives Δ²/2σ² of zero-concentrated differential privacy.
 *  @see Canonne, Kamath, Steinke, The Discrete Gaussian for Differential Privacy (2020), algorithm 3 (§5)
 *  @module */
import { bernoulliExp } from "./bernoulli-exp.ts";
import { discreteLaplace, type Sampler } from "./discrete-laplace.ts";
import type { RandomWords } from "./random-words.ts";
import { squareRoot, type Rational } from "./rational.ts";

/** Sampler of σ² = `numerator / denominator`. @throws RangeError unless it is positive */
export function discreteGaussian({ numerator: n, denominator: d }: Rational): Sampler {
  if (n <= 0n || d <= 0n) throw new RangeError("a variance is positive");
  const t = squareRoot(n / d) + 1n;
  const proposal = discreteLaplace({ numerator: t, denominator: 1n });
  // (|y| - σ²/t)² / 2σ² = (|y|·d·t - n)² / (2·n·d·t²)
  const [step, twice] = [d * t, 2n * n * d * t * t];
  const [smallStep, smallN, smallTwice] = [Number(step), Number(n), Number(twice)];
  const small = Number.isSafeInteger(smallTwice) && Number.isSafeInteger(smallN);
  return (words) => {
    for (;;) {
      const y = proposal(words);
      if (small) {
        const distance = Math.abs(Number(y)) * smallStep - smallN;
        if (Number.isSafeInteger(distance * distance)) {
          if (bernoulliExp(words, distance * distance, smallTwice)) return y;
          continue;
        }
      }
      if (accepted(words, (y < 0n ? -y : y) * step - n, twice)) return y;
    }
  };
}

function accepted(words: RandomWords, distance: bigint, twice: bigint): boolean {
  return bernoulliExp(words, distance * distance, twice);
}

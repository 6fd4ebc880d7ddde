/** What the known attacks on LWE cost: formulas of the literature in log2, as the lattice-estimator (Albrecht and others) has them,
 *  for a secret and an error of one deviation. A uniform secret is brought into this form at the price of n samples (Applebaum and
 *  others, 2009). Estimates, not bounds.
 *  @module */

/** An instance in normal form. */
export type Lwe = {
  readonly n: number;
  /** log2 of the modulus. */
  readonly logQ: number;
  readonly secretDeviation: number;
  readonly errorDeviation: number;
  /** Samples that are left for the attack. */
  readonly samples: number;
};

/** What an attack needs. */
export type Attack = { readonly bits: number; readonly beta: number; readonly dimension: number };

/** log2 of the operations of lattice reduction with blocks of `beta` in dimension `d`. */
export type ReductionModel = (beta: number, d: number) => number;

/** Cost of enough calls of a sieve: 5.46, the limit of Σ 2^(0.292 i) over the last term (Kyber round 3, MATZOV 2022). */
const PROGRESSIVE = 1 / (1 - 2 ** -0.292);
/** Gates of list-decoding sieving, fitted over dimensions to 1,024 (AGPS20, with the improvement of MATZOV 2022). */
const SIEVE = { a: 0.29613500308205365, b: 20.387885985467914 };

/** log2 of the root Hermite factor of BKZ (Chen 2013). */
export function logDelta(beta: number): number {
  return (Math.log2(beta / (2 * Math.PI * Math.E)) + Math.log2(Math.PI * beta) / beta) / (2 * (beta - 1));
}

/** One call of a classical sieve, without polynomial factors (ADPS16). */
export const coreSvp: ReductionModel = (beta) => 0.292 * beta;
/** The same on a quantum computer (ADPS16). */
export const quantumCoreSvp: ReductionModel = (beta) => 0.265 * beta;
/** 8d calls of a sieve of 2^(0.292 β + 16.4) (BDGL16): behind the tables of the Homomorphic Encryption Standard. */
export const bdgl16: ReductionModel = (beta, d) => 0.292 * beta + 16.4 + Math.log2(8 * d);
/** Gates of progressive BKZ with sieves that save the dimensions for free (Ducas 2018): the lattice-estimator's default. */
export const matzov: ReductionModel = (beta, d) => {
  const dimension = beta - freeDimensions(beta);
  return 2 * Math.log2(PROGRESSIVE) + Math.log2(Math.max(d - beta, 1)) + SIEVE.a * dimension + SIEVE.b;
};

function freeDimensions(beta: number): number {
  return Math.max((beta * Math.log(4 / 3)) / Math.log(beta / (2 * Math.PI * Math.E)), 0);
}

/** Primal attack as unique shortest vector: the smallest block that finds it by the geometric series assumption
 *  (ADPS16 §6.3, AGVW17; embedding of Bai and Galbraith). */
export function primalUsvp(lwe: Lwe, model: ReductionModel): Attack {
  const { n, logQ, errorDeviation: sigma } = lwe;
  const scale = Math.log2(sigma / lwe.secretDeviation);
  for (let beta = 50; ; beta++) {
    const delta = logDelta(beta);
    const left = Math.log2(sigma * Math.sqrt(beta));
    const widest = Math.min(Math.ceil(Math.sqrt((n * logQ) / delta)), n + lwe.samples);
    for (let d = n; d <= widest; d++) {
      const volume = Math.log2(sigma) + scale * n + logQ * (d - n - 1);
      if (left <= delta * (2 * beta - d - 1) + volume / d) return { bits: model(beta, d), beta, dimension: d };
    }
  }
}

/** Primal attack as bounded-distance decoding: reduction with blocks of β, then one sieve in the dimension in which the error is the
 *  shortest vector of the projected lattice. `dimension` is that of the last sieve. */
export function primalBdd(lwe: Lwe): Attack {
  const { n, logQ, errorDeviation: sigma } = lwe;
  const scale = Math.log2(sigma / lwe.secretDeviation);
  let best = { bits: Infinity, beta: 0, dimension: 0 };
  for (let beta = 50; matzov(beta, n + 1) < best.bits; beta++) {
    const delta = logDelta(beta);
    const d = Math.min(Math.ceil(Math.sqrt((n * logQ) / delta)), n + lwe.samples);
    const volume = (d - n) * logQ + n * scale;
    for (let sieve = beta; sieve < d; sieve++) {
      const projected = (sieve / d) * volume - (d - sieve) * sieve * delta + Math.log2(sigma);
      if (projected / (sieve + 1) + logGaussian(sieve + 1) < Math.log2(sigma * Math.sqrt(sieve + 1))) continue;
      const bits = sum(matzov(beta, d), matzov(sieve + 1, sieve + 1));
      if (bits < best.bits) best = { bits, beta, dimension: sieve + 1 };
      break;
    }
  }
  return best;
}

/** log2 of the radius of a ball of volume 1. */
function logGaussian(dimension: number): number {
  // Stirling's series for ln Γ(dimension / 2 + 1).
  const x = dimension / 2 + 1;
  const logGamma = (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + 1 / (12 * x);
  return (logGamma / dimension) * Math.LOG2E - Math.log2(Math.PI) / 2;
}

/** Dual attack of MATZOV (2022, theorem 7.6) with guessing and a Fourier transform modulo p, in the model of the same report; the
 *  independence that it assumes is doubted (Ducas and Pulles, 2023), in favour of the defender. */
export function dualHybrid(lwe: Lwe): Attack & { readonly guessed: number; readonly transformed: number } {
  let best = { bits: Infinity, beta: 0, dimension: 0, guessed: 0, transformed: 0 };
  for (const p of [2, 3, 4, 5]) {
    for (let guessed = 0; guessed <= 40; guessed += 5) {
      for (let transformed = 0; transformed <= 120; transformed += 5) {
        for (let beta = 250; beta <= 480; beta += 1) {
          const { bits, dimension } = dualCost(lwe, { p, guessed, transformed, beta });
          if (bits < best.bits) best = { bits, beta, dimension, guessed, transformed };
        }
      }
    }
  }
  return best;
}

function dualCost(
  { n, logQ, secretDeviation, errorDeviation, samples }: Lwe,
  { p, guessed, transformed, beta }: { p: number; guessed: number; transformed: number; beta: number },
): { bits: number; dimension: number } {
  const m = Math.min(n, samples);
  const reduced = n - transformed - guessed;
  const d = m + reduced;
  // A last sieve as dear as the reduction gives many vectors, longer than the shortest by ρ (Guo and Johansson, 2021).
  const saved = beta - Math.floor(freeDimensions(beta));
  const sieve = Math.min(d, Math.floor(saved + Math.log2((d - beta) * PROGRESSIVE) / SIEVE.a));
  const logLength =
    (m / d) * Math.log2(errorDeviation) +
    (reduced / d) * (Math.log2(secretDeviation) + logQ) +
    Math.log2(4 / 3) / 2 +
    Math.log2(sieve / (2 * Math.PI * Math.E)) / 2 +
    logDelta(beta) * (d - sieve);
  const logVectors =
    (4 * (2 ** (logLength - logQ) * Math.PI) ** 2 + (transformed / 3) * ((secretDeviation * Math.PI) / p) ** 2) *
      Math.LOG2E +
    Math.log2(guessed * entropy(secretDeviation) + transformed * Math.log(p) + Math.LN2);
  const logSieve = Math.log2(PROGRESSIVE) + SIEVE.a * sieve + SIEVE.b;
  const sampling = Math.max(logVectors - 0.2075 * sieve, 0) + sum(matzov(beta, d), logSieve);
  const transform = transformed === 0 ? 10 + 1 : 10 + Math.log2(transformed) + (transformed + 1) * Math.log2(p);
  const guessing = guessed * guessBits(secretDeviation) + sum(transform, Math.log2(4 * 5 * 32) + logVectors);
  return { bits: sum(sampling, guessing), dimension: d };
}

/** Entropy of a discrete Gaussian in bits (MATZOV, lemma 5.2). */
function entropy(deviation: number): number {
  const squared = Math.PI ** 2 * deviation ** 2;
  return (0.5 + Math.log(Math.sqrt(2 * Math.PI) * deviation) + Math.log(1 / Math.tanh(squared))) / Math.LN2;
}

/** log2 of the guesses of one coordinate until the right one, most likely first (MATZOV, §5). */
function guessBits(deviation: number): number {
  return entropy(deviation) + 1 - Math.LOG2E / 2;
}

/** Plain BKW (ACFFP15): a steps that cancel n/a coordinates each, as many as the noise of 2^a sums allows; log2 of the table of one
 *  step alone. Coded and sieving variants are better, and still need tables and samples that grow like it. */
export function bkwTable({ n, logQ, errorDeviation }: Lwe): number {
  // Sums of 2^a samples are told from uniform while their deviation stays below about 2q/π.
  const steps = Math.floor(2 * (logQ - Math.log2(errorDeviation) - Math.log2(Math.PI / 2)));
  return (n / steps) * logQ - 1;
}

/** log2 of 2^a + 2^b. */
function sum(a: number, b: number): number {
  const high = Math.max(a, b);
  return high + Math.log2(1 + 2 ** (Math.min(a, b) - high));
}

/** Tests of fit at a chance of 1e-6 that right samples fail, against probabilities that are computed here from the
 *  formulas of the distributions. Seeds are fixed, so that nothing flickers.
 *  @module */

/** Quantile of the normal distribution at 1 - 1e-6. */
const Z = 4.753424;
/** √(ln(2 / 1e-6) / 2): Kolmogorov's bound at 1e-6 for any number of samples (Dvoretzky, Kiefer, Wolfowitz, Massart). */
const KOLMOGOROV = 2.693;
/** Fewest expected samples of a cell of the chi-squared test. */
const MIN_EXPECTED = 10;

/** P(x) of the discrete Laplace distribution: (1 - q) / (1 + q) · q^|x| with q = exp(-1 / scale). */
export function laplaceProbability(scale: number): (x: number) => number {
  const q = Math.exp(-1 / scale);
  return (x) => ((1 - q) / (1 + q)) * q ** Math.abs(x);
}

/** P(x) of the discrete Gaussian: exp(-x² / 2σ²) over the sum of all of them, 60 deviations to each side. */
export function gaussianProbability(variance: number): (x: number) => number {
  const reach = Math.ceil(60 * Math.sqrt(variance)) + 1;
  let total = 0;
  for (let x = -reach; x <= reach; x++) total += Math.exp((-x * x) / (2 * variance));
  return (x) => Math.exp((-x * x) / (2 * variance)) / total;
}

/** How far samples are from a distribution over the whole numbers; each is above 1 when they do not fit. */
export interface Fit {
  /** The largest distance of the cumulative distributions over its bound. */
  readonly kolmogorov: number;
  /** The chi-squared statistic over its quantile at 1 - 1e-6. */
  readonly chiSquared: number;
}

/** Fit of `samples` to `probability`, whose mass is within ±`reach` but for what no number of samples would show. */
export function fit(samples: readonly number[], probability: (x: number) => number, reach: number): Fit {
  const n = samples.length;
  const counts = new Map<number, number>();
  for (const x of samples) counts.set(x, (counts.get(x) ?? 0) + 1);
  let [expected, observed, distance] = [0, 0, 0];
  let [cellExpected, cellObserved, statistic, cells] = [0, 0, 0, 0];
  for (let x = -reach; x <= reach; x++) {
    const [p, count] = [probability(x), counts.get(x) ?? 0];
    expected += p;
    observed += count / n;
    distance = Math.max(distance, Math.abs(expected - observed));
    cellExpected += p * n;
    cellObserved += count;
    if (cellExpected < MIN_EXPECTED) continue;
    statistic += (cellObserved - cellExpected) ** 2 / cellExpected;
    cells++;
    [cellExpected, cellObserved] = [0, 0];
  }
  return { kolmogorov: (distance * Math.sqrt(n)) / KOLMOGOROV, chiSquared: statistic / chiSquaredQuantile(cells - 1) };
}

/** Wilson and Hilferty's approximation. */
function chiSquaredQuantile(degrees: number): number {
  const spread = 2 / (9 * degrees);
  return degrees * (1 - spread + Z * Math.sqrt(spread)) ** 3;
}

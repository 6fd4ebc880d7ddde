/** Accounting in zero-concentrated differential privacy: what answers cost adds up, in whole millionths of ρ, each rounded
 *  up. Parts of a table are paid once only where no person can be in two of them, and that is known beforehand; that rows
 *  were sampled never makes an answer cheaper.
 *  @see Bun, Steinke, Concentrated Differential Privacy (2016), propositions 1.3, 1.4, 1.6; Canonne, Kamath, Steinke, The
 *  Discrete Gaussian for Differential Privacy (2020), §2.3
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { divideUp, rational, type Rational } from "./rational.ts";

/** Units of ρ = 1. */
export const MICRO_RHO = 1_000_000n;
/** More than what doubles, their logarithms and the sums here err by. */
const ROUNDED_UP = 1 + 2 ** -40;
/** Decimals of a displayed ε. */
const EPSILON_DIGITS = 1e4;
/** Steps of the search for the best order of Rényi divergence; each order gives a bound that holds. */
const SEARCH_STEPS = 80;

/** Micro-rho of a mechanism that is ε-differentially private: ε²/2, rounded up (proposition 1.4). */
export function pureCost({ numerator, denominator }: Rational): bigint {
  return divideUp(numerator * numerator * MICRO_RHO, 2n * denominator * denominator);
}

/** Micro-rho of Gaussian noise of `variance` on answers whose L2 sensitivity squared is `sensitivitySquared`: Δ²/2σ²,
 *  rounded up (proposition 1.6; Canonne et al., §2, for whole numbers). */
export function gaussianCost(sensitivitySquared: bigint, { numerator, denominator }: Rational): bigint {
  return divideUp(sensitivitySquared * denominator * MICRO_RHO, 2n * numerator);
}

/** The variance with which Gaussian noise costs ρ: Δ²/2ρ. */
export function gaussianVariance(sensitivitySquared: bigint, rho: Rational): Rational {
  return rational(sensitivitySquared * rho.denominator, 2n * rho.numerator);
}

/** What is paid for answers on parts of a table that share no person: the most of them. The caller says so of parts that
 *  public facts define, never of parts that the data made. */
export function disjointCost(costs: readonly bigint[]): bigint {
  return costs.reduce((most, cost) => (cost > most ? cost : most), 0n);
}

/** An ε for which answers of `microRho` in all are (ε, δ)-differentially private: ρ + 2√(ρ ln 1/δ), or the lower one of the
 *  best order of Rényi divergence, rounded up to four decimals.
 *  @param count Persons or rows of the table, as far as that is public: δ has to be below 1 / `count`
 *  @throws ERR_PRIVACY_PARAMETER when δ is not above 0 and below that */
export function epsilonFor(microRho: bigint, delta: number, count: number): number {
  if (!(delta > 0 && delta * Math.max(count, 1) < 1)) {
    throw new SluiceError("ERR_PRIVACY_PARAMETER", { field: "delta", expected: "a number above 0 and below 1 / rows" });
  }
  const rho = Number(microRho) / Number(MICRO_RHO);
  if (rho === 0) return 0;
  // The bound of an order can be below 0, which says no more than 0.
  const epsilon = Math.max(0, Math.min(simpleEpsilon(rho, delta), bestEpsilon(rho, delta)));
  return Math.ceil(epsilon * ROUNDED_UP * EPSILON_DIGITS) / EPSILON_DIGITS;
}

/** Proposition 1.3 of Bun and Steinke. */
export function simpleEpsilon(rho: number, delta: number): number {
  return rho + 2 * Math.sqrt(rho * Math.log(1 / delta));
}

/** The least that ternary search over the logarithm of α - 1 finds. */
function bestEpsilon(rho: number, delta: number): number {
  let [low, high] = [Math.log(1e-3), Math.log(1e7)];
  let best = Infinity;
  for (let step = 0; step < SEARCH_STEPS; step++) {
    const [left, right] = [low + (high - low) / 3, high - (high - low) / 3];
    const [atLeft, atRight] = [epsilonOfOrder(rho, delta, left), epsilonOfOrder(rho, delta, right)];
    best = Math.min(best, atLeft, atRight);
    if (atLeft < atRight) high = right;
    else low = left;
  }
  return best;
}

/** Canonne, Kamath and Steinke, §2.3, solved for ε: αρ + (ln 1/δ + (α - 1) ln(α - 1) - α ln α) / (α - 1). */
function epsilonOfOrder(rho: number, delta: number, logOrderLessOne: number): number {
  const less = Math.exp(logOrderLessOne);
  const order = less + 1;
  return order * rho + (Math.log(1 / delta) - Math.log(order)) / less + Math.log(less / order);
}

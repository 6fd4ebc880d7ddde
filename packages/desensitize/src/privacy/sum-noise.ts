/** Noise of a sum of whole numbers of which one entry changes it by a bound at most: discrete Laplace of scale bound/ε, exact, which makes
 *  the sum ε-differentially private.
 *  @module */
import { discreteLaplace, type Sampler } from "./discrete-laplace.ts";
import { positiveDecimal, rational } from "./rational.ts";

/** Draws what is added to a sum, or to each of `parts` parts of one, which share ε. @param bound The most that one entry changes it by, a
 *  whole number from 1. @throws ERR_PRIVACY_PARAMETER, RangeError */
export function sumNoise(epsilon: string, bound: number, parts = 1): Sampler {
  const { numerator, denominator } = positiveDecimal(epsilon, "epsilon");
  return discreteLaplace(rational(BigInt(bound) * BigInt(parts) * denominator, numerator));
}

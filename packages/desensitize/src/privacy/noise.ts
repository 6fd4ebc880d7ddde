/** Noise for whole-number answers, from how much one person can change them: by a table's privacy parameter and the bounds
 *  on contributions. The parts of one table share its parameter in equal parts.
 *  @module */
import { MAX_CONTRIBUTION, SluiceError, type ContributionBound, type PrivacyLoss } from "@sluice/protocol";
import { discreteGaussian } from "./discrete-gaussian.ts";
import { discreteLaplace, type Sampler } from "./discrete-laplace.ts";
import { positiveDecimal, rational, type Rational } from "./rational.ts";
import { gaussianVariance, MICRO_RHO, pureCost } from "./zcdp.ts";

/** Largest ε and ρ of one question: more would protect nobody. */
export const MAX_LOSS = 100n;

/** One part of an answer: its sampler, and the standard error that the noise has. */
export interface Noise {
  readonly sample: Sampler;
  readonly standardError: number;
}

/** Micro-rho that a table costs, whatever its parts. @throws ERR_PRIVACY_PARAMETER */
export function costOf(loss: PrivacyLoss): bigint {
  const amount = amountOf(loss);
  if (loss.mechanism === "laplace") return pureCost(amount);
  const micro = amount.numerator * MICRO_RHO;
  return (micro + amount.denominator - 1n) / amount.denominator;
}

/** Largest ε and ρ of one table that a domain makes: at ρ = 2 a count of one in one cell shows through its noise more often
 *  than not, and above most numbers are exact. */
export const MAX_TABLE_LOSS = 2;

/** What a table costs that a domain is asked for. @throws ERR_PRIVACY_PARAMETER also above MAX_TABLE_LOSS */
export function tableCost(loss: PrivacyLoss): bigint {
  const cost = costOf(loss);
  if (cost <= BigInt(MAX_TABLE_LOSS) * MICRO_RHO) return cost;
  const field = loss.mechanism === "laplace" ? "epsilon" : "rho";
  throw new SluiceError("ERR_PRIVACY_PARAMETER", { field, expected: `at most ${MAX_TABLE_LOSS} for one table` });
}

/** Noise for one of `parts` equal parts of a table whose rows each change an answer by at most `perRow`.
 *  @throws ERR_PRIVACY_PARAMETER */
export function noiseFor(loss: PrivacyLoss, bound: ContributionBound, perRow: bigint, parts: number): Noise {
  checkBound(bound);
  const { numerator, denominator } = amountOf(loss);
  const amount = rational(numerator, denominator * BigInt(parts));
  const [rows, groups] = [BigInt(bound.rows), BigInt(bound.groups)];
  const perGroup = (perRow > 0n ? perRow : 1n) * rows;
  if (loss.mechanism === "laplace") {
    const scale = rational(perGroup * groups * amount.denominator, amount.numerator);
    return { sample: discreteLaplace(scale), standardError: laplaceDeviation(valueOf(scale)) };
  }
  const variance = gaussianVariance(perGroup * perGroup * groups, amount);
  return { sample: discreteGaussian(variance), standardError: Math.sqrt(valueOf(variance)) };
}

/** @throws ERR_PRIVACY_PARAMETER unless both bounds are whole numbers from 1 to MAX_CONTRIBUTION */
export function checkBound({ rows, groups }: ContributionBound): void {
  for (const [field, value] of Object.entries({ rows, groups })) {
    if (Number.isSafeInteger(value) && value >= 1 && value <= MAX_CONTRIBUTION) continue;
    const expected = `a whole number from 1 to ${MAX_CONTRIBUTION}`;
    throw new SluiceError("ERR_PRIVACY_PARAMETER", { field: `contribution.${field}`, expected });
  }
}

function amountOf(loss: PrivacyLoss): Rational {
  const [field, text] = loss.mechanism === "laplace" ? ["epsilon", loss.epsilon] : ["rho", loss.rho];
  const amount = positiveDecimal(text, field);
  if (amount.numerator <= MAX_LOSS * amount.denominator) return amount;
  throw new SluiceError("ERR_PRIVACY_PARAMETER", { field, expected: `at most ${MAX_LOSS}` });
}

/** √(2q) / (1 - q) with q = exp(-1 / scale). */
function laplaceDeviation(scale: number): number {
  return Math.sqrt(2 * Math.exp(-1 / scale)) / -Math.expm1(-1 / scale);
}

function valueOf({ numerator, denominator }: Rational): number {
  return Number(numerator) / Number(denominator);
}

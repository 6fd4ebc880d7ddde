/** Scales and noise of one model with a hidden layer, and the error they leave.
 *
 *  score = b + Σ ±h_j², h_j = b_j + Σ ŵ_ij z_i, whole weights ŵ and |z| ≤ 1. In the ring, with message polynomials m_i and encryption
 *  errors e_i, the domain computes F(m + e) for the whole polynomial F. The caller knows m and e, so δ = F(m + e) - F(m) would tell it
 *  more than scores; F(m) is determined by the scores of the rows that stand in the slots.
 *  - ε_j = Σ ŵ_i e_i has centred binomial errors, which are sub-Gaussian (Hoeffding) with parameter v = ‖ŵ_j‖² 21/2 in each coefficient:
 *    ‖ε_j‖₂² ≤ v (N + 2 √(N t) + 2 t) but with probability e^-t (Hsu, Kakade, Zhang 2012, theorem 1), and |σ(ε_j)| ≤ √(v N) · quantile;
 *  - δ is a sum of products 2 h_j ε_j + ε_j², and in canonical embedding a product's norm is at most the largest |σ| of one factor times the
 *    norm of the other: ‖δ‖₂ ≤ S = Σ (2 H_j + max |σ(ε_j)|) ‖ε_j‖₂ + 2^35 over the coefficients, the last for switching keys;
 *  - each coefficient gets U - U', uniform whole numbers below R = 2^noiseBits. For a shift by d of one coefficient, Σ (√p - √p')² ≤
 *    2 (d/R)² (ln(R/d) + 1); over all, the total variation is at most √(Σ …) ≤ (S/R) √(2 (ln(R √N / S) + 1)), by concavity.
 *    R is the smallest power of two that brings it to 2^-statisticalBits.
 *  - the noise of a score, the real part of a slot, is sub-Gaussian with parameter R²/6 · N/2.
 *  Each quantile leaves 2^-40 over all slots and signs. The bounds hold for a caller that encrypts by the rules.
 *  @module */
import {
  documentHash,
  HIDDEN_RING,
  HiddenParameters,
  SluiceError,
  SquareNetwork,
  type HiddenFeature,
} from "@sluice/protocol";

/** A model with the parameters its callers use. The model stays with the domain. */
export interface HiddenProduct {
  readonly network: SquareNetwork;
  readonly parameters: HiddenParameters;
}

/** How a model is planned. */
export interface HiddenPlanOptions {
  /** 40 unless told otherwise. */
  readonly statisticalBits?: number;
  /** Standard deviation that the noise of a score has at least: the resolution to which callers may learn the model. */
  readonly resolution?: number;
}

/** Distance between a reply and one that depends on scores alone, unless told otherwise. */
export const DEFAULT_STATISTICAL_BITS = 40;
/** Largest whole weight. */
const WEIGHT_BITS = 8;
/** Scores and noise stay below 2^178: the primes have nearly 2^180, a score has both signs, and a factor of two stays free. */
const CAPACITY = 2 ** 178;
const FEATURE_SCALE_BITS = [30, 84] as const;
const ERROR_VARIANCE = 21 / 2;
const SWITCH_NOISE = 2 ** 35;
const FAILURE_BITS = 40;
/** Rounding of two rescalings, in a slot, before it is divided by the last scale. */
const RESCALE_NOISE = 2 ** 28;
/** Bits that rescaling takes off a score's scale. */
const RESCALED_BITS = 120;
/** Relative error of scores in double precision, encrypted and plain. */
const FLOAT_ERROR = 2 ** -36;

/** Rounds to the largest scale of features that fits.
 *  @throws ERR_SCORE_MODEL when none does */
export async function planHidden(network: SquareNetwork, options: HiddenPlanOptions = {}): Promise<HiddenParameters> {
  const { statisticalBits = DEFAULT_STATISTICAL_BITS, resolution = 0 } = options;
  if (!SquareNetwork.safeParse(network).success) throw refused("it is no square network");
  const largest = Math.max(...network.units.flatMap(({ weights }) => weights.map(Math.abs)));
  const weightScaleBits = Math.floor(WEIGHT_BITS - Math.log2(largest));
  const [least, most] = FEATURE_SCALE_BITS;
  for (let featureScaleBits = most; featureScaleBits >= least; featureScaleBits--) {
    const scales = { featureScaleBits, weightScaleBits };
    const wanted = (resolution * 2 ** scoreBits(scales)) / Math.sqrt(HIDDEN_RING / 12);
    const noiseBits = Math.max(leastNoiseBits(network, scales, statisticalBits), Math.ceil(Math.log2(wanted + 1)));
    if (!fits(network, scales, noiseBits)) continue;
    const product = {
      network,
      parameters: {
        type: "score-hidden-parameters",
        scheme: "ckks",
        packing: "slots",
        polyModulusDegree: HIDDEN_RING,
        coeffModulusBits: [60, 60, 60, 60],
        network: await documentHash(network),
        features: network.features.map((feature) => ({ ...feature })),
        ...scales,
        statisticalBits,
        noiseBits,
        // A power of two, so that it tells less of the weights.
        errorBound: 2 ** Math.ceil(Math.log2(hiddenErrorBound(network, scales, noiseBits))),
      },
    } satisfies HiddenProduct;
    await checkHiddenProduct(product);
    return product.parameters;
  }
  throw refused("no scales hold its scores and their noise");
}

/** Largest distance of an encrypted score from the plain one of the rounded model. */
export function hiddenErrorBound(network: SquareNetwork, scales: Scales, noiseBits: number): number {
  const scale = scoreBits(scales);
  const noise = quantile(HIDDEN_RING) * 2 ** noiseBits * Math.sqrt(HIDDEN_RING / 12);
  const rescaled = RESCALE_NOISE / 2 ** (scale - RESCALED_BITS);
  return (
    (noise + dependentNoise(network, scales)) / 2 ** scale + rescaled + FLOAT_ERROR * largestScore(network, scales)
  );
}

/** Weights as the domain multiplies by them: multiples of 2^-weightScaleBits. */
export function roundUnits(network: SquareNetwork, weightScaleBits: number): SquareNetwork["units"] {
  const round = (weight: number): number => Math.round(weight * 2 ** weightScaleBits) / 2 ** weightScaleBits;
  return network.units.map(({ sign, bias, weights }) => ({ sign, bias, weights: weights.map(round) }));
}

/** A value within its bounds, between -1 and 1. */
export function centred({ low, high }: HiddenFeature, value: number): number {
  return (value - low) / ((high - low) / 2) - 1;
}

/** @throws ERR_SCORE_MODEL when the model is not the admitted one, or does not fit its parameters. */
export async function checkHiddenProduct({ network, parameters }: HiddenProduct): Promise<void> {
  if (!SquareNetwork.safeParse(network).success) throw refused("it is no square network");
  if (!HiddenParameters.safeParse(parameters).success) throw refused("its parameters are outside of their limits");
  if ((await documentHash(network)) !== parameters.network) throw refused("it is not the admitted model");
  if ((await documentHash(network.features)) !== (await documentHash(parameters.features))) {
    throw refused("its features are others");
  }
  const { noiseBits, statisticalBits, weightScaleBits } = parameters;
  const whole = roundUnits(network, weightScaleBits).map(({ weights }) => weights.map((w) => w * 2 ** weightScaleBits));
  if (whole.some((weights) => weights.some((weight) => Math.abs(weight) > 2 ** WEIGHT_BITS))) {
    throw refused("its weights do not fit the scales");
  }
  if (whole.some((weights) => weights.every((weight) => weight === 0)))
    throw refused("a unit has no weight above zero");
  if (cancels(network, parameters)) throw refused("its units cancel");
  if (!fits(network, parameters, noiseBits)) throw refused("its scores do not fit the scales");
  if (noiseBits < leastNoiseBits(network, parameters, statisticalBits)) throw refused("its noise is too small");
  if (parameters.errorBound < hiddenErrorBound(network, parameters, noiseBits)) {
    throw refused("its error is above the published bound");
  }
  if (parameters.errorBound > largestScore(network, parameters)) throw refused("its noise leaves nothing of scores");
}

type Scales = Pick<HiddenParameters, "featureScaleBits" | "weightScaleBits">;

/** Bits of a score's scale. */
export function scoreBits({ featureScaleBits, weightScaleBits }: Scales): number {
  return 2 * (featureScaleBits + weightScaleBits);
}

/** S above. */
function dependentNoise(network: SquareNetwork, scales: Scales): number {
  const { featureScaleBits, weightScaleBits } = scales;
  const units = network.units.length;
  const largest = quantile(2 * HIDDEN_RING * units) * Math.sqrt(HIDDEN_RING);
  const t = FAILURE_BITS * Math.LN2 + Math.log(units);
  const norm = Math.sqrt(HIDDEN_RING + 2 * Math.sqrt(HIDDEN_RING * t) + 2 * t);
  return roundUnits(network, weightScaleBits).reduce((sum, unit) => {
    const deviation = Math.hypot(...unit.weights) * 2 ** weightScaleBits * Math.sqrt(ERROR_VARIANCE);
    const twice = 2 * largestUnit(unit) * 2 ** (featureScaleBits + weightScaleBits);
    return sum + (twice + largest * deviation) * norm * deviation;
  }, SWITCH_NOISE);
}

function leastNoiseBits(network: SquareNetwork, scales: Scales, statisticalBits: number): number {
  const dependent = dependentNoise(network, scales);
  let bits = Math.ceil(Math.log2(dependent)) + statisticalBits;
  const distance = (): number => {
    const ratio = dependent / 2 ** bits;
    return ratio * Math.sqrt(2 * (Math.log(Math.sqrt(HIDDEN_RING) / ratio) + 1));
  };
  while (distance() > 2 ** -statisticalBits) bits += 1;
  return bits;
}

function fits(network: SquareNetwork, scales: Scales, noiseBits: number): boolean {
  const scores = largestScore(network, scales) * 2 ** scoreBits(scales);
  return scores + 2 ** noiseBits + dependentNoise(network, scales) <= CAPACITY;
}

/** Largest magnitude of a score, of either sign. */
function largestScore(network: SquareNetwork, { weightScaleBits }: Scales): number {
  const sums = { 1: 0, [-1]: 0 };
  for (const unit of roundUnits(network, weightScaleBits)) sums[unit.sign] += largestUnit(unit) ** 2;
  return Math.max(sums[1], sums[-1]) + Math.abs(network.intercept);
}

function largestUnit({ bias, weights }: SquareNetwork["units"][number]): number {
  return weights.reduce((sum, weight) => sum + Math.abs(weight), Math.abs(bias));
}

/** Whether the first units up to one of them add up to a number that features have no part in: their sum, which the domain makes unit
 *  by unit, would be a ciphertext that needs no key. Its second and third polynomials are zero when the whole numbers in front of
 *  products of features, and of features, are. */
function cancels(network: SquareNetwork, { featureScaleBits, weightScaleBits }: Scales): boolean {
  const count = network.features.length;
  const products = new Float64Array(count * count);
  const singles = Array.from({ length: count }, () => 0n);
  return roundUnits(network, weightScaleBits).some(({ sign, bias, weights }) => {
    const whole = weights.map((weight) => sign * weight * 2 ** weightScaleBits);
    const wholeBias = BigInt(Math.round(bias * 2 ** (featureScaleBits + weightScaleBits)));
    for (const [i, own] of whole.entries()) {
      for (const [k, other] of weights.entries()) {
        products[i * count + k] = (products[i * count + k] ?? 0) + own * other * 2 ** weightScaleBits;
      }
      singles[i] = (singles[i] ?? 0n) + BigInt(own) * wholeBias;
    }
    return products.every((number) => number === 0) && singles.every((number) => number === 0n);
  });
}

/** How many standard deviations hold `tails` tails of sub-Gaussian numbers together but with probability 2^-40. */
function quantile(tails: number): number {
  return Math.sqrt(2 * (Math.log(tails) + FAILURE_BITS * Math.LN2));
}

function refused(reason: string): SluiceError {
  return new SluiceError("ERR_SCORE_MODEL", { reason });
}

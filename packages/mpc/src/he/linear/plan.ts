/** Scales of one model and the error they leave: which powers of two columns and weights are multiplied by before they
 *  are rounded to whole numbers, so that every score fits the modulus with the least error.
 *
 *  The bound holds for every row of a request with probability 1 - 2^-40 over SEAL's coins. Its terms:
 *  - rounding of a column, at most 1/2 in each coefficient, times Σ|w|;
 *  - encryption error, centred binomial of variance 21/2 in each coefficient: never above 21, so 21 Σ|w|, and sub-Gaussian, so
 *    √(21/2 · Σw²) at the quantile of 2 · 4096 tails (Hoeffding); the smaller of the two;
 *  - rounded weights, featureBound · Σ|w - ŵ|, and the rounded intercept; and double precision.
 *  @module */
import { MAX_SCORE_ROWS, SCORE_RING, ScoreParameters, SluiceError, type LinearModel } from "@sluice/protocol";

/** A model with the parameters its callers use. */
export interface ScoreProduct {
  readonly model: LinearModel;
  readonly parameters: ScoreParameters;
}

/** Bounds of the two scales, as `ScoreParameters` has them. */
const FEATURE_SCALE_BITS = [16, 40] as const;
const WEIGHT_SCALE_BITS = [8, 40] as const;
/** Half of the 56-bit prime is nearly 2^55; a factor of two stays free. */
const CAPACITY = 2 ** 54;
/** Whole values of a column are exact in double precision. */
const VALUE_BITS = 52;
/** The server adds up products without reducing them while the magnitudes of whole weights add up to no more. */
const WEIGHT_SUM = 2 ** 34;
/** Largest encryption error of a coefficient. */
const MAX_ERROR = 21;
const ROUNDING = 0.5;
const FAILURE_BITS = 40;
/** Quantile of the encryption error of one coefficient, were it Gaussian. */
const NOISE = Math.sqrt(2 * Math.LN2 * (1 + Math.log2(MAX_SCORE_ROWS) + FAILURE_BITS)) * Math.sqrt(21 / 2);
/** Relative error of sums in double precision, of plain ones too. */
const FLOAT_ERROR = 2 ** -44;

/** Scales with the least error bound for `model` on columns within ±`featureBound`.
 *  @throws ERR_SCORE_MODEL when no scales fit, or every weight would round to zero. */
export function planScore(model: LinearModel, featureBound: number): ScoreParameters {
  let best: ScoreParameters | undefined;
  for (let weightScaleBits = WEIGHT_SCALE_BITS[0]; weightScaleBits <= WEIGHT_SCALE_BITS[1]; weightScaleBits++) {
    if (roundWeights(model, weightScaleBits).every((weight) => weight === 0)) continue;
    for (let bits = FEATURE_SCALE_BITS[0]; bits <= FEATURE_SCALE_BITS[1]; bits++) {
      const scales = { featureBound, featureScaleBits: bits, weightScaleBits };
      if (!fits(model, scales)) break;
      const errorBound = scoreErrorBound(model, scales);
      if (best !== undefined && best.errorBound <= errorBound) continue;
      best = {
        type: "score-parameters",
        scheme: "ckks",
        packing: "coefficients",
        polyModulusDegree: SCORE_RING,
        coeffModulusBits: [56, 53],
        features: [...model.features],
        ...scales,
        errorBound,
      };
    }
  }
  if (best === undefined) throw refused("no scales hold its scores and keep a weight above zero");
  checkScoreProduct({ model, parameters: best });
  return best;
}

/** Largest distance of an encrypted score from the plain one on columns within ±`featureBound`. */
export function scoreErrorBound(model: LinearModel, scales: Scales): number {
  const { featureBound, featureScaleBits, weightScaleBits } = scales;
  const rounded = roundWeights(model, weightScaleBits);
  let absolute = 0;
  let squares = 0;
  let lost = 0;
  for (const [i, weight] of rounded.entries()) {
    absolute += Math.abs(weight);
    squares += weight * weight;
    lost += Math.abs(weight - (model.weights[i] ?? 0));
  }
  const noise = Math.min(MAX_ERROR * absolute, NOISE * Math.sqrt(squares));
  const columns = (ROUNDING * absolute + noise) / 2 ** featureScaleBits;
  const intercept = ROUNDING / 2 ** (featureScaleBits + weightScaleBits);
  const floats = FLOAT_ERROR * (absolute * featureBound + Math.abs(model.intercept));
  return columns + intercept + featureBound * lost + floats;
}

/** Weights as the server multiplies by them: multiples of 2^-weightScaleBits. */
export function roundWeights(model: LinearModel, weightScaleBits: number): number[] {
  return model.weights.map((weight) => Math.round(weight * 2 ** weightScaleBits) / 2 ** weightScaleBits);
}

/** @throws ERR_SCORE_MODEL when model and parameters do not fit together, or one of them is not acceptable. */
export function checkScoreProduct({ model, parameters }: ScoreProduct): void {
  const { features, weights, intercept } = model;
  if (!ScoreParameters.safeParse(parameters).success) throw refused("its parameters are outside of their limits");
  if (features.length !== weights.length) throw refused("features and weights differ in number");
  if (![...weights, intercept].every(Number.isFinite)) throw refused("a coefficient is not finite");
  if (features.some((feature, i) => parameters.features[i] !== feature)) throw refused("its features are others");
  if (parameters.features.length !== features.length) throw refused("its features are others");
  if (!fits(model, parameters)) throw refused("its scores do not fit the scales");
  if (parameters.errorBound < scoreErrorBound(model, parameters))
    throw refused("its error is above the published bound");
}

type Scales = Pick<ScoreParameters, "featureBound" | "featureScaleBits" | "weightScaleBits">;

/** Whether columns and scores stay below half the modulus. */
function fits(model: LinearModel, { featureBound, featureScaleBits, weightScaleBits }: Scales): boolean {
  const scale = 2 ** (featureScaleBits + weightScaleBits);
  const absolute = roundWeights(model, weightScaleBits).reduce((sum, weight) => sum + Math.abs(weight), 0);
  const score = (absolute * featureBound + Math.abs(model.intercept)) * scale;
  const error = absolute * 2 ** weightScaleBits * (MAX_ERROR + ROUNDING);
  if (absolute * 2 ** weightScaleBits > WEIGHT_SUM) return false;
  return featureBound * 2 ** featureScaleBits <= 2 ** VALUE_BITS && score + error <= CAPACITY;
}

function refused(reason: string): SluiceError {
  return new SluiceError("ERR_SCORE_MODEL", { reason });
}

/** Products as they are scored: checked, hashed and with whole weights, once for each in a thread instead of at every request.
 *  @module */
import { documentHash } from "@sluice/protocol";
import { checkScoreProduct, roundWeights, type ScoreProduct } from "./plan.ts";

/** What a request is answered with. */
export interface PreparedProduct {
  /** Hash of the parameters, which a request names. */
  readonly hash: string;
  /** Columns of a request. */
  readonly features: number;
  /** Whole numbers that columns are multiplied by. */
  readonly weights: readonly number[];
  /** Whole number that is added. */
  readonly intercept: number;
}

/** Products kept in a thread: those used last. */
const MAX_PREPARED = 64;

/** By all that stands in model and parameters. What JSON does not tell apart from an accepted product is the same product. */
const prepared = new Map<string, PreparedProduct>();

/** @throws ERR_SCORE_MODEL when model and parameters do not fit together, each time */
export async function prepareProduct({ model, parameters }: ScoreProduct): Promise<PreparedProduct> {
  const key = JSON.stringify([model, parameters]);
  const known = prepared.get(key);
  if (known !== undefined) {
    prepared.delete(key);
    prepared.set(key, known);
    return known;
  }
  checkScoreProduct({ model, parameters });
  const { featureScaleBits, weightScaleBits } = parameters;
  const product = {
    hash: await documentHash(parameters),
    features: parameters.features.length,
    weights: roundWeights(model, weightScaleBits).map((weight) => weight * 2 ** weightScaleBits),
    intercept: Math.round(model.intercept * 2 ** (featureScaleBits + weightScaleBits)),
  };
  prepared.set(key, product);
  for (const oldest of prepared.keys()) {
    if (prepared.size <= MAX_PREPARED) break;
    prepared.delete(oldest);
  }
  return product;
}

/** Predictions of a model of any kind, by the arithmetic that the guard evaluates it with.
 *  @module */
import type { ModelLink, ReleasedModel } from "@sluice/protocol";
import { evaluateModel } from "@sluice/protocol/model-evaluate";
import { modelRows, type KitRows, type Matrix } from "./features.ts";

/** Options of `predict`. */
export interface PredictOptions {
  /** How the prediction of a linear model follows from its sum. When left out, that of the fit, or of the released model: the one
   *  that the job declares, else `DEFAULT_LINK`. Other kinds have their own. */
  readonly link?: ModelLink;
}

/** A linear model, or what the kit fitted. */
export interface LinearPredictor {
  readonly kind?: "linear-model";
  readonly link?: ModelLink;
  readonly features: readonly string[];
  readonly weights: ArrayLike<number>;
  readonly intercept: number;
}

/** The prediction for each row: a probability with the link logit, a mean with identity or log, the number of the nearest
 *  centre for clusters. Rows may be a matrix that has the model's features; a scorecard needs rows.
 *  @throws RangeError when they lack a column or a feature of the model */
export function predict(
  model: Readonly<ReleasedModel> | LinearPredictor,
  rows: KitRows | Matrix,
  options: PredictOptions = {},
): Float64Array {
  if (!("weights" in model)) return evaluateModel(model, modelRows(rows));
  const link = options.link ?? ("link" in model ? model.link : undefined);
  const { features, weights, intercept } = model;
  return evaluateModel(
    { kind: "linear-model", features: [...features], weights: Array.from(weights), intercept },
    modelRows(rows),
    link,
  );
}

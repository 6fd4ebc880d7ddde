/** Models, columns and plain scores for the tests of encrypted scoring.
 *  @module */
import type { LinearModel } from "@sluice/protocol";
import type { ScoreColumns } from "../src/he/linear/client.ts";
import { planScore, type ScoreProduct } from "../src/he/linear/server.ts";

export function linearModel(weights: number[], intercept = 0): LinearModel {
  return { kind: "linear-model", features: weights.map((_, i) => `x${i}`), weights, intercept };
}

export function productOf(weights: number[], intercept = 0, featureBound = 8): ScoreProduct {
  const model = linearModel(weights, intercept);
  return { model, parameters: planScore(model, featureBound) };
}

/** Columns `x0`, `x1`… with values from `value(feature, row)`. */
export function columnsOf(
  features: number,
  rows: number,
  value: (feature: number, row: number) => number,
): ScoreColumns {
  return Object.fromEntries(
    Array.from({ length: features }, (_, i) => [
      `x${i}`,
      Float64Array.from({ length: rows }, (_, row) => value(i, row)),
    ]),
  );
}

/** The oracle: scores in double precision, as anyone computes them from the published model. */
export function plainScores(model: LinearModel, columns: ScoreColumns): number[] {
  const rows = columns["x0"]?.length ?? 0;
  return Array.from({ length: rows }, (_, row) =>
    model.weights.reduce((sum, weight, i) => sum + weight * (columns[`x${i}`]?.[row] ?? 0), model.intercept),
  );
}

/** Largest distance between two lists of scores. */
export function distance(scores: Float64Array, plain: readonly number[]): number {
  return Math.max(...plain.map((score, i) => Math.abs(score - (scores[i] ?? Number.NaN))));
}

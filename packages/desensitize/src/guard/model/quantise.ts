/** The numbers of a released model with few digits: low digits of a double can carry rows, and a threshold or a break with all its
 *  digits is the value of somebody. Whatever is counted afterwards is counted with what leaves.
 *  @module */
import type { ReleasedModel } from "@sluice/protocol";
import { MAX_MAGNITUDE, roundToDigits } from "../rounding.ts";

/** Significant digits of a number of a model: research on 9 weights found 36 hidden bytes whole with all digits, none with 4, and the
 *  same accuracy. A release pins the very model that a development run let out, so that there are no other digits in production. */
export const MODEL_DIGITS = 4;
/** Smaller numbers become 0: the weight of a column of large numbers, as incomes are, is small. */
export const MIN_PARAMETER = 1e-12;

/** Every number of a model, in the order of its form. */
export function numbersOf(model: ReleasedModel): number[] {
  switch (model.kind) {
    case "linear-model":
      return [...model.weights, model.intercept];
    case "tree-model":
      return [model.base, ...model.trees.flatMap(({ threshold, value }) => [...threshold, ...value])];
    case "scorecard":
      return [
        model.intercept,
        ...model.items.flatMap((item) => [...("breaks" in item ? item.breaks : []), ...item.points]),
      ];
    case "clusters":
      return [...model.means, ...model.scales, ...model.centres.flat()];
  }
}

/** What a model holds of what it was fitted on: coefficients, leaves, points, coordinates. */
export function countParameters(model: ReleasedModel): number {
  switch (model.kind) {
    case "linear-model":
      return model.weights.length + 1;
    case "tree-model":
      return model.trees.reduce((sum, { left }) => sum + left.filter((child) => child < 0).length, 1);
    case "scorecard":
      return model.items.reduce((sum, { points }) => sum + points.length, 1);
    case "clusters":
      return (model.centres.length + 2) * model.features.length;
  }
}

/** Whether every number may be rounded and leave. */
export function isBounded(model: ReleasedModel): boolean {
  const scales = model.kind === "clusters" ? model.scales : [];
  return (
    numbersOf(model).every((value) => !(Math.abs(value) > MAX_MAGNITUDE)) &&
    scales.every((scale) => scale >= MIN_PARAMETER)
  );
}

/** The model with MODEL_DIGITS digits of each number. Its numbers must be finite. */
export function quantised(model: ReleasedModel): ReleasedModel {
  const round = (value: number): number => roundToDigits(value, MODEL_DIGITS, MIN_PARAMETER);
  switch (model.kind) {
    case "linear-model": {
      const { kind, features, weights, intercept } = model;
      return { kind, features: [...features], weights: weights.map(round), intercept: round(intercept) };
    }
    case "tree-model": {
      const { kind, link, features, base, trees } = model;
      return {
        kind,
        link,
        features: [...features],
        base: round(base),
        trees: trees.map(({ feature, threshold, left, right, value }) => ({
          feature: [...feature],
          threshold: threshold.map(round),
          left: [...left],
          right: [...right],
          value: value.map(round),
        })),
      };
    }
    case "scorecard": {
      const { kind, intercept, items } = model;
      return {
        kind,
        intercept: round(intercept),
        items: items.map((item) =>
          "breaks" in item
            ? { column: item.column, breaks: item.breaks.map(round), points: item.points.map(round) }
            : { column: item.column, levels: item.levels.map((group) => [...group]), points: item.points.map(round) },
        ),
      };
    }
    case "clusters": {
      const { kind, features, means, scales, centres } = model;
      return {
        kind,
        features: [...features],
        means: means.map(round),
        scales: scales.map(round),
        centres: centres.map((centre) => centre.map(round)),
      };
    }
  }
}

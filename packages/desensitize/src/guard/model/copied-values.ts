/** Whether weights, points or leaf values are the numbers of a column: a model whose parameters are a list of values fits nothing.
 *  @module */
import type { ColumnBatch } from "@sluice/protocol";
import { roundToDigits } from "../rounding.ts";
import { valueOf } from "../row-columns.ts";
import type { Predictor } from "./predict.ts";
import { MODEL_DIGITS } from "./quantise.ts";

/** Parameters that are values of one column from which a person looks, and their share of all. Ours. */
const MIN_COPIED = 8;
const COPIED_SHARE = 0.25;
/** What is found of numbers beside the parameters, in a column that has nearly every number, is chance. */
const BESIDE = [0.983, 0.991, 1.007, 1.019] as const;

/** Whether many parameters are values of a numeric column, by their first digits, and numbers beside them are not. Numbers of
 *  fewer than three digits may agree by chance and are not looked at. */
export function copiesValues(model: Predictor, { columns }: ColumnBatch): boolean {
  const own = new Set(parametersOf(model).filter((value) => roundToDigits(value, 2) !== value));
  if (own.size < MIN_COPIED) return false;
  return Object.values(columns).some((column) => {
    if (column.type === "dict" || column.type === "bool") return false;
    const seen = new Set<number>();
    for (let row = 0; row < column.values.length; row++) {
      const value = valueOf(column, row);
      if (value !== null) seen.add(roundToDigits(value, MODEL_DIGITS));
    }
    const found = (factor: number): number =>
      [...own].filter((value) => seen.has(roundToDigits(value * factor, MODEL_DIGITS))).length;
    const copied = found(1);
    if (copied < MIN_COPIED || copied < COPIED_SHARE * own.size) return false;
    return copied > 2 * Math.max(...BESIDE.map(found));
  });
}

function parametersOf(model: Predictor): number[] {
  switch (model.kind) {
    case "linear-model":
      return model.weights;
    case "tree-model":
      return model.trees.flatMap(({ value, left }) => value.filter((_, node) => (left[node] ?? -1) < 0));
    case "scorecard":
      return model.items.flatMap(({ points }) => points);
  }
}

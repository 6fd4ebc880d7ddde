/** Models with a hidden layer, columns and plain scores for their tests.
 *  @module */
import type { SquareNetwork } from "@sluice/protocol";
import type { ScoreColumns } from "../src/he/score-columns.ts";
import { planHidden, type HiddenPlanOptions, type HiddenProduct } from "../src/he/hidden/server.ts";

/** `values` are the numbers of the model, in turn: weights and bias of each unit, and the intercept. */
export function networkOf(features: number, units: number, values: () => number): SquareNetwork {
  return {
    kind: "square-network",
    features: Array.from({ length: features }, (_, i) => ({ name: `x${i}`, low: -1 - i, high: 3 + i })),
    units: Array.from({ length: units }, (_, j) => ({
      sign: j % 2 === 0 ? 1 : -1,
      weights: Array.from({ length: features }, values),
      bias: values(),
    })),
    intercept: values(),
    salt: "5a".repeat(32),
  };
}

export async function hiddenProduct(network: SquareNetwork, options?: HiddenPlanOptions): Promise<HiddenProduct> {
  return { network, parameters: await planHidden(network, options) };
}

/** The oracle: written from the formula, with weights rounded here. */
export function plainHidden({ network, parameters }: HiddenProduct, columns: ScoreColumns): number[] {
  const step = 2 ** -parameters.weightScaleBits;
  const rows = Object.values(columns)[0]?.length ?? 0;
  return Array.from({ length: rows }, (_, row) => {
    let score = network.intercept;
    for (const { sign, weights, bias } of network.units) {
      let sum = bias;
      for (const [i, { name, low, high }] of network.features.entries()) {
        const z = (2 * (columns[name]?.[row] ?? 0) - low - high) / (high - low);
        sum += Math.round((weights[i] ?? 0) / step) * step * z;
      }
      score += sign * sum * sum;
    }
    return score;
  });
}

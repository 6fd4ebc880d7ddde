/** Training a hidden layer with square activations: on products of features, which no linear model holds. @module */
import { SquareNetwork } from "@sluice/protocol";
import { expect, test } from "vitest";
import { auc, createRng, logisticRegression, predict, squareNetwork, squareScores, type Matrix } from "../src/kit.ts";

test("learns a product of two features, of which a regression sees nothing; the same seed gives the same model", () => {
  const rng = createRng(4);
  const columns = Array.from({ length: 2 }, () => Float64Array.from({ length: 1_500 }, () => 4 * rng.uniform() - 2));
  const matrix: Matrix = { rowCount: 1_500, features: ["a", "b"], columns };
  const labels = Array.from({ length: 1_500 }, (_, i) => Number((columns[0]?.[i] ?? 0) * (columns[1]?.[i] ?? 0) > 0));
  const options = { bounds: [[-2, 2] as const, [-2, 2] as const], units: 4, rounds: 300 };
  const network = squareNetwork(matrix, labels, options);
  expect(auc(squareScores(network, matrix), labels)).toBeGreaterThan(0.97);
  expect(auc(predict(logisticRegression(matrix, labels), matrix), labels)).toBeLessThan(0.6);
  expect(squareNetwork(matrix, labels, options)).toEqual(network);
  expect(squareNetwork(matrix, labels, { ...options, seed: 2 })).not.toEqual(network);
  expect(SquareNetwork.safeParse({ ...network, salt: "00".repeat(32) }).success).toBe(true);
  const distant = { rowCount: 2, features: ["b", "a"], columns: [Float64Array.of(9, 2), Float64Array.of(-9, -2)] };
  const [far, edge] = squareScores(network, distant);
  expect(far).toBe(edge);
  expect(() => squareNetwork(matrix, labels, { bounds: [[-2, 2]] })).toThrow(RangeError);
  expect(() => squareNetwork(matrix, labels, { ...options, units: 1 })).toThrow(RangeError);
  for (const bound of [-Infinity, Number.NaN]) {
    expect(() =>
      squareNetwork(matrix, labels, {
        ...options,
        bounds: [
          [-2, 2],
          [bound, 2],
        ],
      }),
    ).toThrow(RangeError);
    const spoilt = columns.map((column) => column.map((value, i) => (i === 700 ? bound : value)));
    expect(() => squareNetwork({ ...matrix, columns: spoilt }, labels, options)).toThrow(RangeError);
  }
});

test("without rounds it is the logistic regression, but for the units that start by chance", () => {
  const rng = createRng(5);
  const columns = [Float64Array.from({ length: 200 }, () => rng.uniform())];
  const matrix: Matrix = { rowCount: 200, features: ["a"], columns };
  const labels = Array.from({ length: 200 }, (_, i) => Number((columns[0]?.[i] ?? 0) + rng.uniform() > 1));
  const scores = squareScores(squareNetwork(matrix, labels, { bounds: [[-1, 1]], units: 2, rounds: 0 }), matrix);
  const plain = predict(logisticRegression(matrix, labels), matrix, { link: "identity" });
  for (const [i, score] of scores.entries()) expect(score).toBeCloseTo(plain[i] ?? 0, 1);
});

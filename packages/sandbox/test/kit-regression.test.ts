import { expect, expectTypeOf, test } from "vitest";
import type { LinearModel } from "@sluice/protocol";
import { type Matrix, linearRegression, logisticRegression, poissonRegression, predict, toModel } from "../src/kit.ts";

function matrixOf(columns: Record<string, readonly number[]>): Matrix {
  const entries = Object.entries(columns);
  return {
    rowCount: entries[0]?.[1].length ?? 0,
    features: entries.map(([name]) => name),
    columns: entries.map(([, values]) => Float64Array.from(values)),
  };
}

test("linear regression gives the certified values of Longley's table, which is nearly singular", () => {
  // NIST Statistical Reference Datasets, linear regression, Longley (1967): certified parameters and deviations.
  const matrix = matrixOf({
    deflator: [83, 88.5, 88.2, 89.5, 96.2, 98.1, 99, 100, 101.2, 104.6, 108.4, 110.8, 112.6, 114.2, 115.7, 116.9],
    gnp: [
      234289, 259426, 258054, 284599, 328975, 346999, 365385, 363112, 397469, 419180, 442769, 444546, 482704, 502601,
      518173, 554894,
    ],
    unemployed: [2356, 2325, 3682, 3351, 2099, 1932, 1870, 3578, 2904, 2822, 2936, 4681, 3813, 3931, 4806, 4007],
    forces: [1590, 1456, 1616, 1650, 3099, 3594, 3547, 3350, 3048, 2857, 2798, 2637, 2552, 2514, 2572, 2827],
    population: [
      107608, 108632, 109773, 110929, 112075, 113270, 115094, 116219, 117388, 118734, 120445, 121950, 123366, 125368,
      127852, 130081,
    ],
    year: Array.from({ length: 16 }, (_, i) => 1947 + i),
  });
  const employed = [
    60323, 61122, 60171, 61187, 63221, 63639, 64989, 63761, 66019, 67857, 68169, 66513, 68655, 69564, 69331, 70551,
  ];
  const fit = linearRegression(matrix, employed);
  const certified = [
    15.0618722713733, -0.035819179292591, -2.02022980381683, -1.03322686717359, -0.0511041056535807, 1829.15146461355,
  ];
  for (const [j, weight] of certified.entries()) expect((fit.weights[j] ?? 0) / weight).toBeCloseTo(1, 9);
  expect(fit.intercept / -3482258.63459582).toBeCloseTo(1, 9);
  expect(fit.residualDf).toBe(9);
  expect(Math.sqrt(fit.deviance / fit.residualDf)).toBeCloseTo(304.854073561965, 5);
  expect(1 - fit.deviance / fit.nullDeviance).toBeCloseTo(0.995479004577296, 10);
  expect(fit.converged).toBe(true);
});

test("a penalty shrinks a weight as ridge regression's closed form has it", () => {
  const x = [1, 2, 3, 4, 9];
  const y = [2, 1, 4, 3, 8];
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(mean(x.map((value) => (value - mean(x)) ** 2)));
  const standardised = x.map((value) => (value - mean(x)) / deviation);
  const beta = standardised.reduce((sum, z, i) => sum + z * (y[i] ?? 0), 0) / (x.length + 3);
  const fit = linearRegression(matrixOf({ x }), y, { l2: 3 });
  expect(fit.weights[0]).toBeCloseTo(beta / deviation, 10);
  expect(fit.intercept).toBeCloseTo(mean(y) - (beta / deviation) * mean(x), 10);
});

test("a feature that never changes or that repeats another changes no prediction", () => {
  const x = [1, 2, 3, 4, 9, 2];
  const y = [2, 1, 4, 3, 8, 0];
  const alone = predict(linearRegression(matrixOf({ x }), y), matrixOf({ x }));
  const more = matrixOf({ x, constant: x.map(() => 7), twice: x.map((value) => 2 * value) });
  for (const [i, prediction] of predict(linearRegression(more, y), more).entries()) {
    expect(prediction).toBeCloseTo(alone[i] ?? Number.NaN, 6);
  }
});

test("Poisson regression gives what R prints for Dobson's trial", () => {
  // R, `?glm`: Dobson (1990), page 93, randomized controlled trial. print() and summary() of glm.D93.
  const counts = [18, 17, 15, 20, 10, 20, 25, 13, 12];
  const indicator = (of: (i: number) => boolean) => counts.map((_, i) => Number(of(i)));
  const matrix = matrixOf({
    outcome2: indicator((i) => i % 3 === 1),
    outcome3: indicator((i) => i % 3 === 2),
    treatment2: indicator((i) => Math.floor(i / 3) === 1),
    treatment3: indicator((i) => Math.floor(i / 3) === 2),
  });
  const fit = poissonRegression(matrix, counts);
  expect(fit.intercept).toBeCloseTo(3.0445, 4);
  expect(fit.weights[0]).toBeCloseTo(-0.4543, 4);
  expect(fit.weights[1]).toBeCloseTo(-0.293, 4);
  expect(fit.weights[2]).toBeCloseTo(0, 10);
  expect(fit.weights[3]).toBeCloseTo(0, 10);
  expect(fit.deviance).toBeCloseTo(5.1291, 4);
  expect(fit.nullDeviance).toBeCloseTo(10.5814, 4);
  expect(fit.residualDf).toBe(4);
  // The prediction is a mean, and with an intercept the means add up to the counts.
  expect(predict(fit, matrix).reduce((sum, mean) => sum + mean, 0)).toBeCloseTo(150, 6);
});

test("with exposures, a group's rate is its counts over its exposure", () => {
  const group = [0, 0, 0, 1, 1, 1, 1];
  const counts = [1, 0, 2, 4, 3, 0, 6];
  const exposure = [1, 0.5, 2, 1, 0.25, 0.75, 2];
  const fit = poissonRegression(matrixOf({ group }), counts, { exposure });
  expect(Math.exp(fit.intercept)).toBeCloseTo(3 / 3.5, 9);
  expect(Math.exp(fit.intercept + (fit.weights[0] ?? 0))).toBeCloseTo(13 / 4, 9);
  expect(() => poissonRegression(matrixOf({ group }), counts, { exposure: [1] })).toThrow("1 exposures");
  expect(() => poissonRegression(matrixOf({ group }), counts, { exposure: counts })).toThrow("above 0");
  expect(() =>
    poissonRegression(
      matrixOf({ group }),
      group.map((x) => -x),
    ),
  ).toThrow("0 or more");
});

test("a step that goes too far is halved", () => {
  // From the mean of all, the first step would take the logarithm of one row's mean to 999.
  const odd = Array.from({ length: 1_000 }, (_, i) => Number(i === 7));
  const counts = odd.map((flag) => (flag === 1 ? 1_000_000 : 1));
  const fit = poissonRegression(matrixOf({ odd }), counts);
  expect(fit.converged).toBe(true);
  expect(Math.exp(fit.intercept)).toBeCloseTo(1, 6);
  expect(fit.intercept + (fit.weights[0] ?? 0)).toBeCloseTo(Math.log(1_000_000), 6);
});

test("without a penalty, logistic regression on a group gives each group's odds", () => {
  const group = [0, 0, 0, 0, 1, 1, 1, 1, 1];
  const labels = [1, 0, 0, 0, 1, 1, 0, 1, 1];
  const fit = logisticRegression(matrixOf({ group }), labels, { l2: 0 });
  expect(fit.intercept).toBeCloseTo(Math.log(1 / 3), 8);
  expect(fit.intercept + (fit.weights[0] ?? 0)).toBeCloseTo(Math.log(4), 8);
  const entropy = (p: number) => p * Math.log(p) + (1 - p) * Math.log(1 - p);
  expect(fit.deviance).toBeCloseTo(-2 * (4 * entropy(1 / 4) + 5 * entropy(4 / 5)), 8);
  expect(fit.nullDeviance).toBeCloseTo(-2 * 9 * entropy(5 / 9), 8);
  expect(fit.residualDf).toBe(7);
});

test("a fit is exported without what only its developer needs, and predicts the same", () => {
  const matrix = matrixOf({ x: [1, 2, 3, 4] });
  const fit = linearRegression(matrix, [2, 4, 6, 9]);
  const model = toModel(fit);
  expectTypeOf(model).toEqualTypeOf<LinearModel>();
  expect(Object.keys(model).sort()).toEqual(["features", "intercept", "kind", "weights"]);
  expect([...predict(model, matrix, { link: "identity" })]).toEqual([...predict(fit, matrix)]);
  // A released model does not tell its link: without one it is a probability.
  expect(predict(model, matrix)[0]).toBeCloseTo(1 / (1 + Math.exp(-(predict(fit, matrix)[0] ?? 0))), 12);
});

/** Encrypted scores against plain ones, on both roles in one process. @module */
import { decodeScoreRequest, MAX_SCORE_FEATURES, MAX_SCORE_ROWS, type LinearModel } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { applyLink, ScoreClient, type ScoreColumns } from "../src/he/linear/client.ts";
import { planScore, score, scoreErrorBound, type ScoreProduct } from "../src/he/linear/server.ts";
import { columnsOf, distance, linearModel, plainScores, productOf } from "./linear-product.ts";

async function roundTrip(product: ScoreProduct, columns: ScoreColumns): Promise<Float64Array> {
  const client = await ScoreClient.open(product.parameters);
  const query = client.encrypt(columns);
  return query.finish(await score(product, query.frame));
}

test("scores of 4096 rows and 32 features are the plain ones within the published bound", async () => {
  const product = productOf(
    Array.from({ length: 32 }, (_, i) => Math.round(Math.sin(i) * 1e4) / 1e4),
    -1.25,
  );
  const columns = columnsOf(32, MAX_SCORE_ROWS, (i, row) => 8 * Math.sin(i * 7 + row * row));
  const scores = await roundTrip(product, columns);
  expect(scores).toHaveLength(MAX_SCORE_ROWS);
  expect(distance(scores, plainScores(product.model, columns))).toBeLessThanOrEqual(product.parameters.errorBound);
  expect(product.parameters.errorBound).toBeLessThan(1e-3);
});

test.runIf(process.env["SLOW"] === "1")("the largest request, 256 features of 4096 rows, is scored", async () => {
  const product = productOf(Array.from({ length: MAX_SCORE_FEATURES }, (_, i) => Math.cos(i)));
  const columns = columnsOf(MAX_SCORE_FEATURES, MAX_SCORE_ROWS, (i, row) => 8 * Math.sin(i + row));
  const scores = await roundTrip(product, columns);
  expect(distance(scores, plainScores(product.model, columns))).toBeLessThanOrEqual(product.parameters.errorBound);
});

test("any model that can be planned scores any rows within its bound", { timeout: 60_000 }, async () => {
  const number = (bound: number) => fc.double({ min: -bound, max: bound, noNaN: true });
  const cases = fc
    .record({
      bound: fc.double({ min: 0.01, max: 1_000, noNaN: true }),
      weights: fc.array(number(50), { minLength: 1, maxLength: 5 }),
      intercept: number(1_000),
      rows: fc.integer({ min: 1, max: 40 }),
    })
    .filter(({ weights }) => weights.some((weight) => Math.abs(weight) > 1e-6))
    .chain(({ bound, weights, intercept, rows }) =>
      fc.record({
        product: fc.constant(productOf(weights, intercept, bound)),
        cells: fc.array(number(bound), { minLength: weights.length * rows, maxLength: weights.length * rows }),
        rows: fc.constant(rows),
      }),
    );
  await fc.assert(
    fc.asyncProperty(cases, async ({ product, cells, rows }) => {
      const columns = columnsOf(product.model.weights.length, rows, (i, row) => cells[i * rows + row] ?? 0);
      const scores = await roundTrip(product, columns);
      expect(distance(scores, plainScores(product.model, columns))).toBeLessThanOrEqual(product.parameters.errorBound);
    }),
    { numRuns: process.env["SLOW"] === "1" ? 500 : 25 },
  );
});

test("every value at the bound, every weight of one sign: the largest scores do not wrap", async () => {
  for (const [weights, bound] of [
    [[1_000, 1_000, 1_000], 1_000],
    [[-3e-5, -3e-5], 2 ** 20],
    [[0.5], 2 ** -10],
  ] as const) {
    const product = productOf([...weights], 0, bound);
    for (const value of [bound, -bound]) {
      const columns = columnsOf(weights.length, 3, () => value);
      const scores = await roundTrip(product, columns);
      expect(distance(scores, plainScores(product.model, columns))).toBeLessThanOrEqual(product.parameters.errorBound);
    }
  }
});

test("a request has as many rows as it has, from one to all coefficients", async () => {
  const product = productOf([1]);
  for (const rows of [1, 2_049, MAX_SCORE_ROWS]) {
    const columns = columnsOf(1, rows, (_, row) => (row % 16) - 8);
    const scores = await roundTrip(product, columns);
    expect(scores).toHaveLength(rows);
    expect(distance(scores, plainScores(product.model, columns))).toBeLessThanOrEqual(product.parameters.errorBound);
  }
});

test("weights that round to zero are left out, others count", async () => {
  const product = productOf([0, 1, 1e-30, -0], 0.5);
  const columns = columnsOf(4, 5, (i, row) => i + row / 10);
  const scores = await roundTrip(product, columns);
  expect(distance(scores, plainScores(product.model, columns))).toBeLessThanOrEqual(product.parameters.errorBound);
});

test("the error bound grows with weights and bound, and shrinks with the scales", () => {
  const scales = { featureBound: 8, featureScaleBits: 24, weightScaleBits: 20 };
  const base = scoreErrorBound(linearModel([0.3, 0.7]), scales);
  expect(scoreErrorBound(linearModel([3.3, 7.7]), scales)).toBeGreaterThan(base);
  expect(scoreErrorBound(linearModel([0.3, 0.7]), { ...scales, featureBound: 800 })).toBeGreaterThan(base);
  expect(scoreErrorBound(linearModel([0.3, 0.7]), { ...scales, featureScaleBits: 26 })).toBeLessThan(base);
  expect(scoreErrorBound(linearModel([0.3, 0.7]), { ...scales, weightScaleBits: 24 })).toBeLessThan(base);
  // One unit weight, scales so large that only the column is left: half a unit of rounding and an error of 21 at most.
  expect(scoreErrorBound(linearModel([1]), scales) * 2 ** 24).toBeCloseTo(0.5 + 21, 2);
  // Many equal weights: half a unit for each, and the quantile 8.57 of √(21/2 · 64).
  const many = linearModel(Array<number>(64).fill(1));
  expect(scoreErrorBound(many, scales) * 2 ** 24).toBeCloseTo(32 + 8.57 * Math.sqrt(672), 0);
});

test("the scales of a plan leave the least error of all that fit", () => {
  const { model, parameters } = productOf([0.123, -4.56], 2);
  for (const [feature, weight] of [
    [-1, 1],
    [1, -1],
    [0, -1],
    [-1, 0],
  ] as const) {
    const scales = {
      featureBound: parameters.featureBound,
      featureScaleBits: parameters.featureScaleBits + feature,
      weightScaleBits: parameters.weightScaleBits + weight,
    };
    expect(scoreErrorBound(model, scales)).toBeGreaterThanOrEqual(parameters.errorBound);
  }
});

test("a frame's size tells rows and features, nothing else", async () => {
  const client = await ScoreClient.open(productOf([1, 2]).parameters);
  const sizes = [0, 8, -1e-9].map((value) =>
    sizeOf(
      client,
      columnsOf(2, 100, () => value),
    ),
  );
  expect(new Set(sizes).size).toBe(1);
  expect(sizes[0]).toBe(38 + 2 * (64 + 7 * 100));
});

test("4096 rows take 7.02 bytes a value up and 14 bytes a row down", async () => {
  const product = productOf([1]);
  const client = await ScoreClient.open(product.parameters);
  const query = client.encrypt(columnsOf(1, MAX_SCORE_ROWS, () => 1));
  expect(query.frame.length / MAX_SCORE_ROWS).toBeCloseTo(7.02, 1);
  expect((await score(product, query.frame)).length / MAX_SCORE_ROWS).toBeCloseTo(14, 1);
  query.discard();
});

test("the same rows never encrypt to the same bytes", async () => {
  const client = await ScoreClient.open(productOf([1, 1]).parameters);
  const columns = columnsOf(2, MAX_SCORE_ROWS, () => 1);
  const columnsSent = [0, 1].flatMap(() => {
    const query = client.encrypt(columns);
    query.discard();
    return decodeScoreRequest(query.frame).columns;
  });
  expect(columnsSent).toHaveLength(2 * 2);
  expect(new Set(columnsSent.map(({ seed }) => seed.join())).size).toBe(columnsSent.length);
  expect(new Set(columnsSent.map(({ c0 }) => c0.join())).size).toBe(columnsSent.length);
});

test("another query's answer decrypts to noise: each query has its own key", async () => {
  const product = productOf([1]);
  const client = await ScoreClient.open(product.parameters);
  const [first, second] = [client.encrypt(columnsOf(1, 8, () => 1)), client.encrypt(columnsOf(1, 8, () => 1))];
  const scores = second.finish(await score(product, first.frame));
  expect(scores.every((value) => Math.abs(value - 1) < 1)).toBe(false);
  first.discard();
});

test("links: identity copies, logistic stays in [0, 1] at any score", () => {
  const scores = Float64Array.of(-1e308, -2, 0, 2, 1e308);
  expect([...applyLink("identity", scores)]).toEqual([...scores]);
  expect(applyLink("identity", scores)).not.toBe(scores);
  const [low, below, middle, above, high] = applyLink("logistic", scores);
  expect([low, middle, high]).toEqual([0, 0.5, 1]);
  expect((below ?? 0) + (above ?? 0)).toBeCloseTo(1, 15);
  expect(above).toBeCloseTo(0.8807970779778823, 15);
});

test("a plan is refused when nothing holds the model", () => {
  const refused: [LinearModel, number][] = [
    [linearModel([0, 0]), 1],
    [linearModel([1e-300]), 1],
    [linearModel([1e300]), 1],
    [linearModel([1e12]), 1e6],
    [linearModel([1], 1e15), 1],
    [linearModel([Number.NaN]), 1],
    [linearModel([1], Number.POSITIVE_INFINITY), 1],
    [linearModel([1]), 0],
    [linearModel([1]), 2 ** 21],
    [{ ...linearModel([1]), features: ["a", "b"] }, 1],
    [linearModel(Array<number>(257).fill(1)), 1],
  ];
  for (const [model, bound] of refused) {
    expect(() => planScore(model, bound)).toThrow(expect.objectContaining({ code: "ERR_SCORE_MODEL" }));
  }
});

function sizeOf(client: ScoreClient, columns: ScoreColumns): number {
  const query = client.encrypt(columns);
  query.discard();
  return query.frame.length;
}

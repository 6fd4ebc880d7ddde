import { expect, test } from "vitest";
import fc from "fast-check";
import {
  auc,
  bands,
  createRng,
  designMatrix,
  featureNames,
  logLoss,
  logisticRegression,
  oneHot,
  predict,
  selectRows,
  splitRows,
  standardize,
} from "../src/kit.ts";

const ROWS = {
  rowCount: 4,
  age: { type: "f64", values: new Float64Array([20, 30, 40, 50]) },
  region: { type: "dict", values: new Uint32Array([1, 0, 2, 1]), dictionary: ["south", "east", "north", "unused"] },
  owner: { type: "bool", values: new Uint8Array([1, 0, 1, 0]), validity: new Uint8Array([0b1101]) },
} as const;

function rows(): Parameters<typeof designMatrix>[0] {
  return { ...ROWS, region: { ...ROWS.region, dictionary: [...ROWS.region.dictionary] } };
}

test("names one indicator per level that rows have, but the first in sorted order", () => {
  expect(featureNames(rows(), ["age", "region"], { minLevelRows: 1 })).toEqual(["age", "region=north", "region=south"]);
  expect(oneHot(rows(), "region", { minLevelRows: 1 }).columns.map((column) => [...column])).toEqual([
    [0, 0, 1, 0],
    [0, 1, 0, 0],
  ]);
  expect(() => featureNames(rows(), ["region"], { maxLevels: 2, minLevelRows: 1 })).toThrow("3 levels");
});

test("leaves out levels of fewer rows than the guard lets out", () => {
  const values = Uint32Array.from({ length: 40 }, (_x, i) => (i < 20 ? 0 : i < 30 ? 1 : i < 39 ? 2 : 3));
  const table = { rowCount: 40, region: { type: "dict" as const, values, dictionary: ["a", "b", "c", "d"] } };
  expect(featureNames(table, ["region"])).toEqual(["region=b"]);
  expect(featureNames(table, ["region"], { minLevelRows: 9 })).toEqual(["region=b", "region=c"]);
  // 20 rows of persons with up to 2 each are of 10 persons or more, 10 rows perhaps not.
  expect(featureNames(table, ["region"], { maxRowsPerPerson: 2 })).toEqual([]);
  expect(featureNames(table, ["region"], { maxRowsPerPerson: 2, minLevelRows: 5 })).toEqual(["region=b"]);
});

test("applies a feature to a table whose dictionary is ordered differently or lacks the level", () => {
  const other = {
    rowCount: 2,
    region: { type: "dict", values: new Uint32Array([0, 1]), dictionary: ["north", "x"] },
  } as const;
  const table = { ...other, region: { ...other.region, dictionary: [...other.region.dictionary] } };
  const { columns } = designMatrix(table, ["region=north", "region=south"]);
  expect(columns.map((column) => [...column])).toEqual([
    [1, 0],
    [0, 0],
  ]);
});

test("refuses a feature without its column", () => {
  expect(() => designMatrix(rows(), ["height"])).toThrow("no column height");
  expect(() => designMatrix(rows(), ["rowCount"])).toThrow("no column rowCount");
  expect(() => designMatrix(rows(), ["age=20"])).toThrow("dict column");
});

test("standardizes to mean 0 and deviation 1, and only centres a constant", () => {
  const { matrix, means, deviations } = standardize(
    designMatrix(
      {
        rowCount: 2,
        a: { type: "f64", values: new Float64Array([1, 3]) },
        b: { type: "i32", values: new Int32Array([7, 7]) },
      },
      ["a", "b"],
    ),
  );
  expect(matrix.columns.map((column) => [...column])).toEqual([
    [-1, 1],
    [0, 0],
  ]);
  expect([...means, ...deviations]).toEqual([2, 7, 1, 1]);
});

test("fits the model at which the penalised likelihood is flat", () => {
  const rng = createRng(3);
  const rowCount = 2_000;
  const columns = [0, 1, 2].map((j) => Float64Array.from({ length: rowCount }, () => 10 * j + (j + 1) * rng.normal()));
  const labels = Uint8Array.from({ length: rowCount }, (_x, i) => {
    const score = 0.5 + (columns[0]?.[i] ?? 0) - 0.3 * ((columns[1]?.[i] ?? 0) - 10);
    return rng.uniform() < 1 / (1 + Math.exp(-score)) ? 1 : 0;
  });
  const model = logisticRegression({ rowCount, features: ["a", "b", "c"], columns }, labels, { l2: 5 });
  expect(model.converged).toBe(true);
  // Objective in the units of the columns, written from its definition; a penalty on standardised weights.
  const deviations = columns.map((column) => {
    const mean = column.reduce((sum, x) => sum + x, 0) / rowCount;
    return Math.sqrt(column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / rowCount);
  });
  const objective = (weights: number[], intercept: number) => {
    let total = weights.reduce((sum, w, j) => sum + 2.5 * (w * (deviations[j] ?? 0)) ** 2, 0);
    for (let i = 0; i < rowCount; i++) {
      const score = weights.reduce((sum, w, j) => sum + w * (columns[j]?.[i] ?? 0), intercept);
      total += Math.log1p(Math.exp(-(2 * (labels[i] ?? 0) - 1) * score));
    }
    return total;
  };
  const best = objective(model.weights, model.intercept);
  for (let j = -1; j < 3; j++) {
    for (const step of [-1e-3, 1e-3]) {
      const moved = model.weights.map((w, k) => (k === j ? w + step : w));
      expect(objective(moved, j === -1 ? model.intercept + step : model.intercept)).toBeGreaterThan(best);
    }
  }
});

test("predicts by feature name, from rows and from a matrix alike", () => {
  const model = { features: ["age", "region=north"], weights: [0.1, -1], intercept: -3 };
  const expected = [20, 30, 40, 50].map((age, i) => 1 / (1 + Math.exp(-(0.1 * age - (i === 2 ? 1 : 0) - 3))));
  const fromRows = predict(model, rows());
  const fromMatrix = predict(model, designMatrix(rows(), ["region=north", "age"]));
  for (const [i, p] of expected.entries()) {
    expect(fromRows[i]).toBeCloseTo(p, 12);
    expect(fromMatrix[i]).toBeCloseTo(p, 12);
  }
  expect(() => predict(model, designMatrix(rows(), ["age"]))).toThrow("region=north");
});

test("measures AUC as the share of ordered pairs, ties half", () => {
  const pair = fc.record({ score: fc.integer({ min: 0, max: 5 }), label: fc.integer({ min: 0, max: 1 }) });
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 30 }), (pairs) => {
      const positive = pairs.filter(({ label }) => label === 1);
      const negative = pairs.filter(({ label }) => label === 0);
      let wins = 0;
      for (const a of positive) for (const b of negative) wins += a.score > b.score ? 1 : a.score === b.score ? 0.5 : 0;
      const count = positive.length * negative.length;
      const found = auc(
        pairs.map(({ score }) => score),
        pairs.map(({ label }) => label),
      );
      expect(found).toBeCloseTo(count === 0 ? 0.5 : wins / count, 12);
    }),
  );
  expect(() => auc([1], [])).toThrow(RangeError);
});

test("measures log loss without infinities", () => {
  expect(logLoss([0.5, 0.25], [1, 0])).toBeCloseTo((Math.log(2) - Math.log(0.75)) / 2, 12);
  expect(logLoss([0, 1], [1, 0])).toBeCloseTo(-Math.log(1e-15), 6);
});

test("puts values into bands by ascending cutoffs", () => {
  expect([...bands([0, 0.1, 0.5, 1, Number.NaN], [0.1, 0.5])]).toEqual([0, 1, 2, 2, 2]);
});

test("splits rows by a seed", () => {
  const marks = splitRows(1_000, 0.7, createRng(5));
  expect(splitRows(1_000, 0.7, createRng(5))).toEqual(marks);
  const kept = marks.reduce((sum, mark) => sum + mark, 0);
  expect(Math.abs(kept - 700)).toBeLessThan(60);
  const all = { rowCount: 4, features: ["age"], columns: [new Float64Array([20, 30, 40, 50])] };
  expect(selectRows(all, new Uint8Array([1, 0, 0, 1])).columns).toEqual([new Float64Array([20, 50])]);
});

import fc from "fast-check";
import { expect, expectTypeOf, test } from "vitest";
import type { TreeModel } from "@sluice/protocol";
import { TreeModel as TreeModelForm } from "@sluice/protocol";
import {
  createRng,
  decisionTree,
  type Matrix,
  deviance,
  gradientBoosting,
  predict,
  toModel,
  type TreeFit,
} from "../src/kit.ts";

function matrixOf(columns: readonly ArrayLike<number>[]): Matrix {
  return {
    rowCount: columns[0]?.length ?? 0,
    features: columns.map((_, j) => `x${j}`),
    columns: columns.map((values) => Float64Array.from(values)),
  };
}

/** Sum of squared distances from the mean. */
function scatter(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
}

/** The least scatter that one split can leave, tried at every number of every feature. */
function bestScatter(columns: readonly number[][], targets: readonly number[], minRows: number): number {
  let best = scatter(targets);
  for (const column of columns) {
    for (const threshold of column) {
      const left = targets.filter((_, i) => (column[i] ?? 0) <= threshold);
      const right = targets.filter((_, i) => (column[i] ?? 0) > threshold);
      if (left.length >= minRows && right.length >= minRows) best = Math.min(best, scatter(left) + scatter(right));
    }
  }
  return best;
}

const small = fc.integer({ min: 0, max: 6 });
const table = fc
  .integer({ min: 20, max: 45 })
  .chain((rows) =>
    fc.tuple(
      fc.tuple(
        fc.array(small, { minLength: rows, maxLength: rows }),
        fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: rows, maxLength: rows }),
      ),
      fc.array(fc.integer({ min: -9, max: 9 }), { minLength: rows, maxLength: rows }),
    ),
  );

test("one split leaves as little scatter as the best of all splits", () => {
  fc.assert(
    fc.property(table, ([columns, targets]) => {
      const fit = decisionTree(matrixOf(columns), targets, { maxLeaves: 2 });
      const left = targets.map((target, i) => target - (predict(fit, matrixOf(columns))[i] ?? 0));
      expect(left.reduce((sum, miss) => sum + miss ** 2, 0)).toBeCloseTo(bestScatter(columns, targets, 10), 6);
    }),
    { numRuns: 60 },
  );
});

test("with the link logit, the split is that of the least Gini impurity", () => {
  fc.assert(
    fc.property(table, ([columns, targets]) => {
      const labels = targets.map((target) => Number(target > 2));
      const fit = decisionTree(matrixOf(columns), labels, { maxLeaves: 2, link: "logit" });
      const sides = new Map<number, number[]>();
      for (const [i, p] of predict(fit, matrixOf(columns)).entries()) {
        sides.set(p, [...(sides.get(p) ?? []), labels[i] ?? 0]);
      }
      // Twice the Gini impurity of yes and no is their scatter.
      const gini = [...sides.values()].reduce((sum, side) => sum + scatter(side), 0);
      expect(gini).toBeCloseTo(bestScatter(columns, labels, 10), 6);
    }),
    { numRuns: 40 },
  );
});

/** Rows in each leaf, counted by what the exported trees predict one at a time. */
function leafRows(fit: TreeFit, matrix: Matrix): number[] {
  return fit.trees.flatMap((tree) => {
    // A value of its own for each leaf.
    const marked = { ...toModel(fit), base: 0, link: "identity" as const };
    const trees = [{ ...tree, value: tree.value.map((_, node) => (tree.left[node] === -1 ? node : 0)) }];
    const counts = new Map<number, number>();
    for (const leaf of predict({ ...marked, trees }, matrix)) counts.set(leaf, (counts.get(leaf) ?? 0) + 1);
    return [...counts.values()];
  });
}

test.each([
  [9, 10, 10],
  [10, 10, 10],
  [19, 10, 20],
  [20, 10, 20],
])("no leaf has fewer rows than the least: %i rows that differ, %i by option", (different, minLeafRows, _x) => {
  const values = Array.from({ length: 100 }, (_, i) => i);
  const targets = values.map((i) => (i < different ? 100 : 0));
  const matrix = matrixOf([values]);
  const fit = decisionTree(matrix, targets, { maxLeaves: 2, minLeafRows });
  expect(Math.min(...leafRows(fit, matrix))).toBe(fit.smallestLeaf);
  expect(fit.smallestLeaf).toBe(Math.max(10, different));
  const persons = decisionTree(matrix, targets, { maxLeaves: 2, maxRowsPerPerson: 2 });
  expect(persons.smallestLeaf).toBe(Math.max(20, different));
});

test("the least number of rows of a leaf can only be raised", () => {
  const matrix = matrixOf([[1, 2, 3]]);
  for (const options of [
    { minLeafRows: 9 },
    { minLeafRows: 0 },
    { minLeafRows: Number.NaN },
    { maxRowsPerPerson: 0 },
  ]) {
    expect(() => decisionTree(matrix, [1, 2, 3], options)).toThrow(RangeError);
    expect(() => gradientBoosting(matrix, [1, 0, 1], options)).toThrow(RangeError);
  }
});

test("every leaf of any fit has 10 rows, and the model is in the exported form", () => {
  fc.assert(
    fc.property(table, fc.constantFrom("identity", "logit", "log"), ([columns, raw], link) => {
      const targets = raw.map((target) =>
        link === "identity" ? target : link === "log" ? Math.abs(target) : Number(target > 0),
      );
      const matrix = matrixOf(columns);
      const fit = gradientBoosting(matrix, targets, { link, trees: 5, learningRate: 0.5 });
      expect(Math.min(...leafRows(fit, matrix))).toBeGreaterThanOrEqual(10);
      expect(Math.min(...leafRows(fit, matrix))).toBe(fit.smallestLeaf);
      expect(TreeModelForm.parse(toModel(fit))).toEqual(toModel(fit));
    }),
    { numRuns: 60 },
  );
});

/** 4,000 rows of which the first four of six features tell. */
function friedman(seed: number): { matrix: Matrix; signal: number[]; rng: ReturnType<typeof createRng> } {
  const rng = createRng(seed);
  const columns = Array.from({ length: 6 }, () => Float64Array.from({ length: 4_000 }, () => rng.uniform()));
  const at = (j: number, i: number): number => columns[j]?.[i] ?? 0;
  const signal = Array.from(
    { length: 4_000 },
    (_, i) => Math.sin(Math.PI * at(0, i) * at(1, i)) + 2 * (at(2, i) - 0.5) ** 2 + at(3, i),
  );
  return { matrix: matrixOf(columns), signal, rng };
}

test.each(["identity", "logit", "log"] as const)(
  "boosting with the link %s: every tree lowers the deviance",
  (link) => {
    const { matrix, signal, rng } = friedman(12);
    const targets = signal.map((value) => {
      if (link === "identity") return value + 0.3 * rng.normal();
      if (link === "logit") return rng.uniform() < 1 / (1 + Math.exp(4 - 3 * value)) ? 1 : 0;
      // Knuth's draw of a Poisson count.
      const limit = Math.exp(-value);
      let count = 0;
      for (let product = rng.uniform(); product > limit; product *= rng.uniform()) count++;
      return count;
    });
    const fit = gradientBoosting(matrix, targets, { link, trees: 40 });
    expect(fit.losses.length).toBe(41);
    for (let t = 1; t < fit.losses.length; t++) expect(fit.losses[t]).toBeLessThan(fit.losses[t - 1] ?? 0);
    // What was counted while growing is what the exported model predicts.
    expect(deviance(predict(toModel(fit), matrix), targets, link)).toBeCloseTo(fit.losses.at(-1) ?? 0, 10);
    // Columns that tell nothing have next to no part in it.
    expect((fit.importance[4] ?? 1) + (fit.importance[5] ?? 1)).toBeLessThan(0.12);
    expect(fit.importance.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 10);
  },
);

test("boosting with one whole tree and no penalty is a decision tree", () => {
  const { matrix, signal } = friedman(3);
  const one = gradientBoosting(matrix, signal, { link: "identity", trees: 1, learningRate: 1, l2: 0, maxLeaves: 12 });
  const tree = decisionTree(matrix, signal, { maxLeaves: 12 });
  expect([...predict(one, matrix)]).toEqual([...predict(tree, matrix)].map((x) => expect.closeTo(x, 10) as unknown));
});

test("a boosted leaf is the Newton step of its rows, held back by the penalty", () => {
  const x = Array.from({ length: 50 }, (_, i) => Number(i >= 30));
  const labels = x.map((value, i) => Number(value === 1 ? i % 5 > 0 : i % 3 === 0));
  const p = labels.reduce((sum, label) => sum + label, 0) / 50;
  const fit = gradientBoosting(matrixOf([x]), labels, { trees: 1, learningRate: 0.5, l2: 2 });
  for (const side of [0, 1]) {
    const own = labels.filter((_, i) => x[i] === side);
    const step = own.reduce((sum, label) => sum + label - p, 0) / (own.length * p * (1 - p) + 2);
    const [prediction = 0] = predict(fit, matrixOf([[side]]));
    expect(Math.log(prediction / (1 - prediction))).toBeCloseTo(Math.log(p / (1 - p)) + 0.5 * step, 10);
  }
});

test("with exposures, a leaf's rate is its counts over its exposure", () => {
  const x = Array.from({ length: 60 }, (_, i) => Number(i >= 30));
  const exposure = x.map((_, i) => 0.5 + (i % 4));
  const counts = x.map((value, i) => (value === 1 ? 3 : 1) * Math.round(exposure[i] ?? 0));
  const fit = gradientBoosting(matrixOf([x]), counts, {
    link: "log",
    trees: 200,
    learningRate: 0.5,
    l2: 0,
    maxLeaves: 2,
    exposure,
  });
  for (const side of [0, 1]) {
    const sum = (values: readonly number[]) => values.reduce((all, value, i) => (x[i] === side ? all + value : all), 0);
    expect(predict(fit, matrixOf([[side]]))[0]).toBeCloseTo(sum(counts) / sum(exposure), 5);
  }
  expect(() => gradientBoosting(matrixOf([x]), x, { exposure })).toThrow("link log");
});

test("a leaf of all yes does not promise yes", () => {
  const x = Array.from({ length: 40 }, (_, i) => Number(i >= 20));
  const fit = decisionTree(matrixOf([x]), x, { link: "logit" });
  expect([...predict(fit, matrixOf([[0, 1]]))]).toEqual([
    expect.closeTo(1 / 22, 12) as unknown,
    expect.closeTo(21 / 22, 12) as unknown,
  ]);
});

test("targets that never change make one leaf", () => {
  const { matrix } = friedman(1);
  const same = new Float64Array(matrix.rowCount).fill(3.7);
  for (const fit of [decisionTree(matrix, same), gradientBoosting(matrix, same, { link: "identity" })]) {
    expect(fit.trees.map(({ left }) => left)).toEqual([[-1]]);
    expect(predict(fit, matrix)[7]).toBeCloseTo(3.7, 12);
  }
});

test("thresholds are round numbers between rows", () => {
  const values = Array.from({ length: 40 }, (_, i) => (i < 20 ? 1.234567 : 7.654321));
  const fit = decisionTree(matrixOf([values]), values);
  expect(fit.trees[0]?.threshold[0]).toBe(4);
});

test("refuses targets that their link does not have, and numbers that are none", () => {
  const matrix = matrixOf([[1, 2, 3]]);
  expect(() => decisionTree(matrix, [1, 2])).toThrow("2 targets");
  expect(() => decisionTree(matrix, [1, 2, Number.NaN])).toThrow("finite");
  expect(() => gradientBoosting(matrix, [1, 2, 0])).toThrow("0 or 1");
  expect(() => gradientBoosting(matrix, [1, -2, 0], { link: "log" })).toThrow("0 or more");
  expect(() => gradientBoosting(matrix, [1, 0, 1], { trees: 201 })).toThrow("1 to 200");
  expect(() => decisionTree(matrix, [1, 2, 3], { maxLeaves: 65 })).toThrow("2 to 64");
  expect(() => decisionTree(matrixOf([[1, 2, Infinity]]), [1, 2, 3])).toThrow("not finite");
});

test("a fit is exported as a tree model", () => {
  const { matrix, signal } = friedman(2);
  expectTypeOf(toModel(decisionTree(matrix, signal))).toEqualTypeOf<TreeModel>();
  const model = toModel(decisionTree(matrix, signal));
  expect(Object.keys(model).sort()).toEqual(["base", "features", "kind", "link", "trees"]);
});

test("a cut has no more digits than leave, so that each row stays on the side on which it was counted", () => {
  const x = Float64Array.from({ length: 300 }, (_, i) => 183_000 + i);
  const labels = x.map((value) => Number(value > 183_105));
  for (const fit of [
    decisionTree(matrixOf([x]), labels, { link: "logit", maxLeaves: 2 }),
    gradientBoosting(matrixOf([x]), labels, { trees: 2, maxLeaves: 2 }),
  ]) {
    const [tree] = fit.trees;
    expect(tree?.threshold[0]).toBe(183_100);
    expect(fit.smallestLeaf).toBe(101);
  }
});

test("trees that are added up cut a feature only where at least 10 rows lie between two cuts; persons of many rows count once", () => {
  const rng = createRng(5);
  const x = Float64Array.from({ length: 400 }, () => rng.uniform());
  const labels = x.map((value) => Number(rng.uniform() < value));
  const between = (maxRowsPerPerson: number): number => {
    const { trees } = gradientBoosting(matrixOf([x]), labels, { trees: 20, maxRowsPerPerson });
    const cuts = trees.flatMap(({ left, threshold }) => threshold.filter((_, node) => left[node] !== -1));
    const bounds = [-Infinity, ...[...new Set(cuts)].sort((a, b) => a - b), Infinity];
    const counts = bounds.slice(1).map((to, i) => x.filter((value) => value > (bounds[i] ?? 0) && value <= to).length);
    expect(counts.length).toBeGreaterThan(3);
    return Math.min(...counts);
  };
  expect(between(1)).toBeGreaterThanOrEqual(10);
  expect(between(3)).toBeGreaterThanOrEqual(30);
});

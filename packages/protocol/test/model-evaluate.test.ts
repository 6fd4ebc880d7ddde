import fc from "fast-check";
import { expect, test } from "vitest";
import { evaluateModel, type Column, type ModelRows, type ReleasedModel } from "../src/index.ts";

/** Rows of which the third lacks everything, whatever stands in its places. */
const COLUMNS: Record<string, Column> = {
  age: { type: "f64", values: Float64Array.of(29, 30, 77, 50), validity: Uint8Array.of(0b1011) },
  months: { type: "i32", values: Int32Array.of(1, 2, -9, 4), validity: Uint8Array.of(0b1011) },
  owner: { type: "bool", values: Uint8Array.of(1, 0, 1, 1), validity: Uint8Array.of(0b1011) },
  region: {
    type: "dict",
    values: Uint32Array.of(0, 1, 0, 2),
    dictionary: ["north", "south", "west"],
    validity: Uint8Array.of(0b1011),
  },
};
const ROWS: ModelRows = rowsOf(COLUMNS, 4);

function rowsOf(columns: Record<string, Column>, rowCount: number): ModelRows {
  return { rowCount, columnOf: (name) => (Object.hasOwn(columns, name) ? columns[name] : undefined) };
}

function predictions(model: ReleasedModel, rows = ROWS, link?: "identity" | "logit" | "log"): number[] {
  return [...evaluateModel(model, rows, link)];
}

test("a linear model adds its weighted features; a missing number is 0, a missing text no level", () => {
  const model: ReleasedModel = {
    kind: "linear-model",
    features: ["age", "months", "owner", "region=north", "region=nowhere"],
    weights: [1, 10, 100, 1_000, 10_000],
    intercept: 0.5,
  };
  expect(predictions(model, ROWS, "identity")).toEqual([1_139.5, 50.5, 0.5, 190.5]);
  const small: ReleasedModel = { ...model, features: ["months"], weights: [1], intercept: -2 };
  const odds = [-1, 0, -2, 2];
  expect(predictions(small)).toEqual(odds.map((x) => expect.closeTo(1 / (1 + Math.exp(-x)), 15) as unknown));
  expect(predictions(small, ROWS, "log")).toEqual(odds.map((x) => Math.exp(x)));
});

test("a row goes left at the threshold, and the leaves of all trees are added to the base", () => {
  const model: ReleasedModel = {
    kind: "tree-model",
    link: "identity",
    features: ["age", "region=south"],
    base: 100,
    trees: [
      {
        feature: [0, 0, 1, 0, 0],
        threshold: [30, 0, 0.5, 0, 0],
        left: [2, -1, 3, -1, -1],
        right: [1, -1, 4, -1, -1],
        value: [0, 7, 0, 1, 2],
      },
      { feature: [0], threshold: [0], left: [-1], right: [-1], value: [0.25] },
    ],
  };
  expect(predictions(model)).toEqual([101.25, 102.25, 101.25, 107.25]);
  expect(predictions({ ...model, link: "log", base: 0 })).toEqual([1.25, 2.25, 1.25, 7.25].map(Math.exp));
});

test("a scorecard's bins are closed below; others and missing ones have the last points", () => {
  const model: ReleasedModel = {
    kind: "scorecard",
    intercept: 0,
    items: [
      { column: "age", breaks: [30, 50], points: [1, 2, 3, 4] },
      { column: "region", levels: [["south", "east"], ["north"]], points: [10, 20, 30] },
    ],
  };
  // Points are below 37, where a double still tells a probability from 1.
  const sums = [21, 12, 34, 33];
  expect(predictions(model).map((p) => Math.log(p / (1 - p)))).toEqual(
    sums.map((sum) => expect.closeTo(sum, 0) as unknown),
  );
  const halved = { ...model, intercept: -22 };
  expect(predictions(halved)).toEqual(sums.map((sum) => expect.closeTo(1 / (1 + Math.exp(22 - sum)), 14) as unknown));
  const nan = rowsOf({ ...COLUMNS, age: { type: "f64", values: new Float64Array(4).fill(Number.NaN) } }, 4);
  expect(predictions({ ...halved, items: model.items.slice(0, 1) }, nan)[0]).toBeCloseTo(1 / (1 + Math.exp(18)), 14);
});

test("a row belongs to the nearest centre in standardised space, the first of equals", () => {
  const model: ReleasedModel = {
    kind: "clusters",
    features: ["age", "months"],
    means: [40, 2],
    scales: [10, 1],
    centres: [
      [1, 2],
      [-1, 0],
      [-1, 0],
    ],
  };
  expect(predictions(model)).toEqual([1, 1, 1, 0]);
});

test("refuses rows that lack a column, or have it in another type", () => {
  const linear = (feature: string): ReleasedModel => ({
    kind: "linear-model",
    features: [feature],
    weights: [1],
    intercept: 0,
  });
  expect(() => predictions(linear("height"))).toThrow("no column height");
  expect(() => predictions(linear("age=30"))).toThrow("needs a dict column");
  expect(() => predictions(linear("region"))).toThrow("column region has no numbers");
  const card = (item: object): ReleasedModel =>
    ({ kind: "scorecard", intercept: 0, items: [item] }) as unknown as ReleasedModel;
  expect(() => predictions(card({ column: "age", levels: [["a"]], points: [0, 0] }))).toThrow("no levels");
  expect(() => predictions(card({ column: "region", breaks: [], points: [0, 0] }))).toThrow("no numbers");
});

test("every row is predicted as it is alone, whatever the number of rows", () => {
  const stump = { feature: [0, 0, 0], threshold: [0.5, 0, 0], left: [1, -1, -1], right: [2, -1, -1], value: [0, 1, 2] };
  const model: ReleasedModel = { kind: "tree-model", link: "logit", features: ["x"], base: 0, trees: [stump] };
  fc.assert(
    fc.property(fc.constantFrom(0, 1, 2_047, 2_048, 2_049, 5_000), fc.nat(4_999), (rowCount, row) => {
      const values = Float64Array.from({ length: rowCount }, (_, i) => ((i * 7_919) % 1_000) / 1_000);
      const all = evaluateModel(model, rowsOf({ x: { type: "f64", values } }, rowCount));
      expect(all.length).toBe(rowCount);
      if (row >= rowCount) return;
      const sum = (values[row] ?? 0) <= 0.5 ? 1 : 2;
      expect(all[row]).toBeCloseTo(1 / (1 + Math.exp(-sum)), 15);
    }),
    { numRuns: 30 },
  );
});

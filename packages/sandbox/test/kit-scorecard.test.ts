import { expect, expectTypeOf, test } from "vitest";
import { Scorecard as ScorecardForm, type Column, type Scorecard } from "@sluice/protocol";
import { createRng, predict, scalePoints, scorecard, toModel, type KitRows } from "../src/kit.ts";

/** Rows with so many of each text, of which so many are positive. */
function texts(groups: Record<string, readonly [rows: number, positives: number]>): {
  rows: KitRows;
  labels: number[];
} {
  const dictionary = Object.keys(groups).filter((text) => text !== "");
  const codes: number[] = [];
  const labels: number[] = [];
  const held: boolean[] = [];
  for (const [text, [count, positives]] of Object.entries(groups)) {
    for (let i = 0; i < count; i++) {
      codes.push(Math.max(0, dictionary.indexOf(text)));
      held.push(text !== "");
      labels.push(i < positives ? 1 : 0);
    }
  }
  const region: Column = { type: "dict", values: Uint32Array.from(codes), dictionary, validity: bits(held) };
  return { rows: { rowCount: codes.length, region }, labels };
}

function bits(held: readonly boolean[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(Math.ceil(held.length / 8));
  for (const [i, bit] of held.entries()) if (bit) out[i >> 3] = (out[i >> 3] ?? 0) | (1 << (i & 7));
  return out;
}

function numbers(values: readonly (number | null)[]): KitRows {
  const age: Column = {
    type: "f64",
    values: Float64Array.from(values, (value) => value ?? 0),
    validity: bits(values.map((value) => value !== null)),
  };
  return { rowCount: values.length, age };
}

const logOdds = (p: number): number => Math.log(p / (1 - p));

test("without smoothing and penalty, the bins of one column predict their own shares", () => {
  const { rows, labels } = texts({ north: [100, 20], south: [50, 30], west: [40, 4], "": [20, 10] });
  const fit = scorecard(rows, ["region"], labels, { minBinRows: 20, smoothing: 0, l2: 0 });
  expect(fit.items.map((item) => ("levels" in item ? item.levels : []))).toEqual([[["west"], ["north"], ["south"]]]);
  const share = (sum: number) => 1 / (1 + Math.exp(-(fit.intercept + sum)));
  const points = fit.items[0]?.points ?? [];
  for (const [i, expected] of [0.1, 0.2, 0.6, 0.5].entries()) {
    expect(share(points[i] ?? 0)).toBeCloseTo(expected, 8);
  }
  // Weights of evidence from the counts alone: ln of the share of positives over the share of the others.
  const evidence = [4 / 36, 20 / 80, 30 / 20, 10 / 10].map((odds) => Math.log(odds) - Math.log(64 / 146));
  for (const [i, weight] of evidence.entries()) expect(points[i]).toBeCloseTo(weight, 7);
  expect(fit.intercept).toBeCloseTo(logOdds(64 / 210), 7);
  const information = [
    [4 / 64, 36 / 146],
    [20 / 64, 80 / 146],
    [30 / 64, 20 / 146],
    [10 / 64, 10 / 146],
  ].reduce((sum, [p = 0, q = 1]) => sum + (p - q) * Math.log(p / q), 0);
  expect(fit.columns[0]?.information).toBeCloseTo(information, 10);
});

test("texts of too few rows count as others, and others of too few rows have no points", () => {
  const { rows, labels } = texts({ north: [100, 20], south: [50, 30], rare: [9, 9] });
  const fit = scorecard(rows, ["region"], labels, { minBinRows: 10 });
  const [item] = fit.items;
  expect(item !== undefined && "levels" in item ? item.levels : []).toEqual([["north"], ["south"]]);
  expect(item?.points.at(-1)).toBe(0);
  expect(fit.columns[0]?.bins.at(-1)).toEqual({ rows: 9, positives: 9 });
  const enough = texts({ north: [100, 20], rare: [10, 9] });
  const [ten] = scorecard(enough.rows, ["region"], enough.labels, { minBinRows: 10 }).items;
  expect(ten !== undefined && "levels" in ten ? ten.levels : []).toEqual([["north"], ["rare"]]);
  const more = texts({ north: [100, 20], south: [50, 30], rare: [9, 9], odd: [9, 9] });
  expect(scorecard(more.rows, ["region"], more.labels, { minBinRows: 10 }).items[0]?.points.at(-1)).toBeGreaterThan(0);
});

test("smoothing keeps a bin of one label finite", () => {
  const { rows, labels } = texts({ north: [100, 20], south: [50, 50] });
  const fit = scorecard(rows, ["region"], labels, { minBinRows: 10, smoothing: 0.5, l2: 0 });
  const [north = 0, south = 0] = fit.items[0]?.points ?? [];
  const weight = (positives: number, others: number) =>
    Math.log((positives + 0.5) / (70 + 1.5)) - Math.log((others + 0.5) / (80 + 1.5));
  // The regression scales all weights alike.
  expect(south / north).toBeCloseTo(weight(50, 0) / weight(20, 80), 8);
  expect(Number.isFinite(south)).toBe(true);
});

test("a column that says nothing has weights of next to nothing", () => {
  const rng = createRng(8);
  const rows = numbers(Array.from({ length: 50_000 }, () => rng.normal()));
  const labels = Array.from({ length: 50_000 }, () => Number(rng.uniform() < 0.3));
  const fit = scorecard(rows, ["age"], labels);
  expect(fit.columns[0]?.information).toBeLessThan(0.005);
  for (const points of fit.items[0]?.points ?? [1]) expect(Math.abs(points)).toBeLessThan(0.15);
});

/** Ages of which the risk falls to 40 and rises again. */
function curved(): { rows: KitRows; labels: number[] } {
  const rng = createRng(5);
  const ages = Array.from({ length: 5_000 }, () => 20 + Math.floor(50 * rng.uniform()));
  const labels = ages.map((age) => Number(rng.uniform() < 0.05 + Math.abs(age - 40) / 60));
  return { rows: numbers(ages), labels };
}

test("bins have enough rows, are few enough, and keep to an order when asked to", () => {
  const { rows, labels } = curved();
  for (const monotone of [false, true, ["age"], ["other"]]) {
    const fine = scorecard(rows, ["age"], labels, { maxBins: 60, minBinRows: 250, monotone }).columns[0]?.bins ?? [];
    for (const { rows: count } of fine.slice(0, -1)) expect(count).toBeGreaterThanOrEqual(250);
    const fit = scorecard(rows, ["age"], labels, { maxBins: 5, minBinRows: 250, monotone });
    const bins = (fit.columns[0]?.bins ?? []).slice(0, -1);
    expect(bins.length).toBeLessThanOrEqual(5);
    for (const { rows: count } of bins) expect(count).toBeGreaterThanOrEqual(250);
    const shares = bins.map(({ rows: count, positives }) => positives / count);
    const rises = shares.slice(1).map((share, i) => Math.sign(share - (shares[i] ?? 0)));
    const ordered = new Set(rises).size <= 1;
    expect(ordered).toBe(monotone === true || (Array.isArray(monotone) && monotone.includes("age")));
  }
});

test("bins are of the rows that the exported scorecard puts into them", () => {
  const { rows, labels } = curved();
  const fit = scorecard(rows, ["age"], labels);
  const item = fit.items[0];
  const breaks = item !== undefined && "breaks" in item ? item.breaks : [];
  const { values } = rows["age"] as Column;
  for (const [bin, { rows: count, positives }] of (fit.columns[0]?.bins ?? []).slice(0, -1).entries()) {
    const [low, high] = [breaks[bin - 1] ?? -Infinity, breaks[bin] ?? Infinity];
    const inside = [...values.keys()].filter((i) => (values[i] ?? 0) >= low && (values[i] ?? 0) < high);
    expect(inside.length).toBe(count);
    expect(inside.filter((i) => labels[i] === 1).length).toBe(positives);
  }
  // Predictions are of the same bins, so that their mean is the share of positives: the intercept is not penalised.
  const mean = predict(toModel(fit), rows).reduce((sum, p) => sum + p, 0) / labels.length;
  expect(mean).toBeCloseTo(labels.reduce((sum, label) => sum + label, 0) / labels.length, 6);
});

test("neighbouring whole numbers can be told apart", () => {
  const fit = scorecard(
    numbers(Array.from({ length: 40 }, (_, i) => 20 + (i % 2))),
    ["age"],
    Array.from({ length: 40 }, (_, i) => i % 2),
    {
      minBinRows: 10,
    },
  );
  expect(fit.columns[0]?.bins).toEqual([
    { rows: 20, positives: 0 },
    { rows: 20, positives: 20 },
    { rows: 0, positives: 0 },
  ]);
});

test("missing numbers have a bin of their own", () => {
  const values = Array.from({ length: 200 }, (_, i) => (i < 40 ? null : i));
  const labels = values.map((value) => Number(value === null || value > 150));
  const fit = scorecard(numbers(values), ["age"], labels, { minBinRows: 20 });
  expect(fit.columns[0]?.bins.at(-1)).toEqual({ rows: 40, positives: 40 });
  expect(predict(fit, numbers([null]))[0]).toBeGreaterThan(0.8);
});

test("points: so many double the odds, and the base is at its odds", () => {
  const { rows, labels } = curved();
  const model = toModel(scorecard(rows, ["age"], labels));
  expectTypeOf(model).toEqualTypeOf<Scorecard>();
  expect(ScorecardForm.parse(model)).toEqual(model);
  const scaled = scalePoints(model, { base: 600, odds: 50, pdo: 20 });
  for (const [i, points] of (model.items[0]?.points ?? []).entries()) {
    const sum = model.intercept + points;
    // 600 + 20 · log2(odds of label 0 / 50), to half a point each.
    const plain = 600 + 20 * Math.log2(Math.exp(-sum) / 50);
    expect(Math.abs(scaled.base + (scaled.items[0]?.points[i] ?? 0) - plain)).toBeLessThanOrEqual(1);
  }
});

test("refuses bins of fewer than 10 rows, labels of one kind, and columns that are not there", () => {
  const { rows, labels } = texts({ north: [100, 20], south: [50, 30] });
  expect(() => scorecard(rows, ["region"], labels, { minBinRows: 9 })).toThrow("at least 10");
  expect(() =>
    scorecard(
      rows,
      ["region"],
      labels.map(() => 1),
    ),
  ).toThrow("both labels");
  expect(() =>
    scorecard(
      rows,
      ["region"],
      labels.map(() => 2),
    ),
  ).toThrow("0 or 1");
  expect(() => scorecard(rows, ["region"], [])).toThrow("0 labels");
  expect(() => scorecard(rows, ["height"], labels)).toThrow("no column height");
  const rare = texts({ a: [9, 3], b: [9, 5] });
  expect(() => scorecard(rare.rows, ["region"], rare.labels)).toThrow("enough rows");
  // A bin of 50 rows, of which a person has up to 6, may be of 9 persons.
  const persons = scorecard(rows, ["region"], labels, { maxRowsPerPerson: 6 });
  expect(persons.columns[0]?.bins.map((bin) => bin.rows)).toEqual([100, 50]);
  const fewer = scorecard(rows, ["region"], labels, { maxRowsPerPerson: 5 });
  expect(fewer.columns[0]?.bins.map((bin) => bin.rows)).toEqual([100, 50, 0]);
});

import { expect, test } from "vitest";
import type { ReleasedModel, Run } from "@sluice/protocol";
import { CHINESE_MODEL_WORDS, ENGLISH_MODEL_WORDS, modelParameters, modelSummary } from "../src/model-text.ts";
import { runSections } from "../src/officer/release-run.ts";

const TREES: ReleasedModel = {
  kind: "tree-model",
  link: "logit",
  features: ["age", "region=north"],
  base: -1.5,
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
const CARD: ReleasedModel = {
  kind: "scorecard",
  intercept: -2,
  items: [
    { column: "age", breaks: [30, 50], points: [0.1, 0.2, 0.3, 0] },
    { column: "region", levels: [["north", "south"], ["east"]], points: [0.5, -0.5, 0] },
    { column: "base", breaks: [], points: [0.7, 0.8] },
  ],
};
const CLUSTERS: ReleasedModel = {
  kind: "clusters",
  features: ["age", "base"],
  means: [40, 3_000],
  scales: [10, 500],
  centres: [[-1, 0.5]],
};

test("each leaf is listed with the conditions that lead to it", () => {
  expect(modelParameters(TREES, ENGLISH_MODEL_WORDS)).toEqual([
    ["base", -1.5],
    ["tree 1: age ≤ 30, region=north ≤ 0.5", 1],
    ["tree 1: age ≤ 30, region=north > 0.5", 2],
    ["tree 1: age > 30", 7],
    ["tree 2: all rows", 0.25],
  ]);
  expect(modelSummary(TREES)).toBe("trees, 2 with 4 leaves over 2 features, link logit");
});

test("each bin is listed with what is in it, in either language", () => {
  expect(modelParameters(CARD, ENGLISH_MODEL_WORDS)).toEqual([
    ["intercept", -2],
    ["age < 30", 0.1],
    ["age ≥ 30, < 50", 0.2],
    ["age ≥ 50", 0.3],
    ["age = missing", 0],
    ["region = north, south", 0.5],
    ["region = east", -0.5],
    ["region = other or missing", 0],
    ["base ≠ missing", 0.7],
    ["base = missing", 0.8],
  ]);
  expect(modelParameters(CARD, CHINESE_MODEL_WORDS).map(([name]) => name)).toContain("region = 其他或缺失");
  expect(modelSummary(CARD)).toBe("scorecard, 9 bins of 3 columns");
});

test("centres are told in the units of their columns", () => {
  expect(modelParameters(CLUSTERS, ENGLISH_MODEL_WORDS)).toEqual([
    ["centre 1: age", 30],
    ["centre 1: base", 3_250],
  ]);
});

test("the page of a release lists a model of any kind, and what was declared", () => {
  const run = (model: ReleasedModel, outputs: object): Run =>
    ({ model, manifest: { name: "a", purpose: "a", input: {}, outputs } }) as unknown as Run;
  const textOf = (shown: Run): string => JSON.stringify(runSections(shown, null, { names: null, grant: undefined }));
  const trees = textOf(
    run(TREES, { model: { kind: "tree-model", maxTrees: 9, maxLeaves: 4, target: "defaulted", link: "logit" } }),
  );
  expect(trees).toContain("决策树模型，至多 9 棵树，每棵至多 4 个叶，预测 defaulted");
  expect(trees).toContain("树 1: age ≤ 30, region=north ≤ 0.5");
  const card = textOf(run(CARD, { model: { kind: "scorecard", maxBins: 12 } }));
  expect(card).toContain("评分卡，至多 12 个分箱");
  expect(card).toContain("age = 缺失");
  const clusters = textOf(run(CLUSTERS, { model: { kind: "clusters", maxClusters: 3 } }));
  expect(clusters).toContain("聚类，至多 3 个中心");
  expect(clusters).toContain("中心 1: base");
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { JobManifest, type Clusters, type ModelSpec, type Scorecard, type TreeModel } from "@sluice/protocol";
import { decodeModel } from "../src/output-model.ts";

/** Two splits: age ≤ 30, then region=north. */
const TREE = {
  feature: [0, 0, 1, 0, 0],
  threshold: [30, 0, 0.5, 0, 0],
  left: [1, -1, 3, -1, -1],
  right: [2, -1, 4, -1, -1],
  value: [0, 0.25, 0, -1, 2],
};
const TREES: TreeModel = {
  kind: "tree-model",
  link: "logit",
  features: ["age", "region=north"],
  base: -1.5,
  trees: [TREE],
};
const CARD: Scorecard = {
  kind: "scorecard",
  intercept: -2,
  items: [
    { column: "age", breaks: [30, 50], points: [0.1, 0.2, 0.3, 0] },
    { column: "region", levels: [["north", "south"], ["east"]], points: [0.5, -0.5, 0] },
  ],
};
const CLUSTERS: Clusters = {
  kind: "clusters",
  features: ["age", "base"],
  means: [40, 3_000],
  scales: [10, 500],
  centres: [
    [-1, 0],
    [1, 0.5],
  ],
};
const SPECS = {
  trees: { kind: "tree-model", maxTrees: 1, maxLeaves: 3 },
  card: { kind: "scorecard", maxBins: 7 },
  clusters: { kind: "clusters", maxClusters: 2 },
} as const satisfies Record<string, ModelSpec>;

test("decodes each kind as it was written, at the declared limit", () => {
  expect(decodeModel(SPECS.trees, TREES)).toEqual({ ok: true, model: TREES });
  expect(decodeModel(SPECS.card, CARD)).toEqual({ ok: true, model: CARD });
  expect(decodeModel(SPECS.clusters, CLUSTERS)).toEqual({ ok: true, model: CLUSTERS });
});

const tree = (change: Partial<typeof TREE>): unknown => ({ ...TREES, trees: [{ ...TREE, ...change }] });
const item = (change: object): unknown => ({ ...CARD, items: [{ ...CARD.items[0], ...change }] });
const levels = (change: object): unknown => ({ ...CARD, items: [{ ...CARD.items[1], ...change }] });

test.each<[string, ModelSpec, unknown]>([
  ["another kind", SPECS.trees, CARD],
  ["no link", SPECS.trees, { ...TREES, link: "probit" }],
  ["a base that is not finite", SPECS.trees, { ...TREES, base: null }],
  ["no tree", SPECS.trees, { ...TREES, trees: [] }],
  ["a name twice", SPECS.trees, { ...TREES, features: ["age", "age"] }],
  ["a member more", SPECS.trees, { ...TREES, rows: [1] }],
  ["a member more in a tree", SPECS.trees, tree({ counts: [1] } as object)],
  ["a value that is not finite", SPECS.trees, tree({ value: [0, 1, 0, 1, Infinity] })],
  ["a threshold that is text", SPECS.trees, tree({ threshold: [30, 0, "1", 0, 0] as number[] })],
  ["a feature out of range", SPECS.trees, tree({ feature: [2, 0, 1, 0, 0] })],
  ["a feature below 0", SPECS.trees, tree({ feature: [-1, 0, 1, 0, 0] })],
  ["half a node", SPECS.trees, tree({ feature: [0.5, 0, 1, 0, 0] })],
  ["a child out of range", SPECS.trees, tree({ right: [2, -1, 5, -1, -1] })],
  ["a child that is its parent", SPECS.trees, tree({ left: [0, -1, 3, -1, -1] })],
  ["a child before its parent", SPECS.trees, tree({ left: [1, -1, 1, -1, -1] })],
  ["a node with two parents", SPECS.trees, tree({ right: [2, -1, 3, -1, -1] })],
  [
    "a leaf of two splits, though each node has a parent",
    SPECS.trees,
    tree({
      feature: [0, 1, 0, 0],
      threshold: [30, 0.5, 0, 0],
      left: [1, 2, -1, -1],
      right: [2, 3, -1, -1],
      value: [0, 0, 1, 2],
    }),
  ],
  ["a split that is its own child", SPECS.trees, tree({ left: [1, -1, 2, -1, -1], right: [3, -1, 4, -1, -1] })],
  ["one child only", SPECS.trees, tree({ left: [1, -1, -1, -1, -1] })],
  ["a node that no path reaches", SPECS.trees, tree({ left: [1, -1, -1, -1, -1], right: [2, -1, -1, -1, -1] })],
  ["columns of other lengths", SPECS.trees, tree({ value: [0, 0.25, 0, -1] })],
  ["a leaf that carries a threshold", SPECS.trees, tree({ threshold: [30, 7, 0.5, 0, 0] })],
  ["a leaf that carries a feature", SPECS.trees, tree({ feature: [0, 1, 1, 0, 0] })],
  ["a split that carries a value", SPECS.trees, tree({ value: [7, 0.25, 0, -1, 2] })],
  ["breaks that do not ascend", SPECS.card, item({ breaks: [50, 50] })],
  ["a point too few", SPECS.card, item({ points: [0.1, 0.2, 0.3] })],
  ["breaks and levels", SPECS.card, item({ levels: [["a"], ["b"], ["c"]] })],
  ["neither breaks nor levels", SPECS.card, item({ breaks: undefined })],
  ["a level in two groups", SPECS.card, levels({ levels: [["north"], ["north"]] })],
  ["a group without a level", SPECS.card, levels({ levels: [["north"], []] })],
  ["a level that is no text", SPECS.card, levels({ levels: [["north"], [7]] })],
  ["a column twice", SPECS.card, { ...CARD, items: [CARD.items[0], CARD.items[0]] }],
  ["a column that is no name", SPECS.card, item({ column: "a b" })],
  ["a scale of 0", SPECS.clusters, { ...CLUSTERS, scales: [10, 0] }],
  ["a centre of another length", SPECS.clusters, { ...CLUSTERS, centres: [[1, 2], [1]] }],
  ["a mean too few", SPECS.clusters, { ...CLUSTERS, means: [40] }],
])("refuses %s", (_what, spec, value) => {
  expect(decodeModel(spec, value)).toMatchObject({ ok: false, rule: `${spec.kind}-form` });
});

test.each<[string, ModelSpec, unknown]>([
  ["tree-model-size", { ...SPECS.trees, maxLeaves: 2 }, TREES],
  ["tree-model-size", SPECS.trees, { ...TREES, trees: [TREE, TREE] }],
  ["tree-model-size", { ...SPECS.trees, link: "log" }, TREES],
  ["scorecard-size", { ...SPECS.card, maxBins: 6 }, CARD],
  ["clusters-size", SPECS.clusters, { ...CLUSTERS, centres: [...CLUSTERS.centres, [0, 0]] }],
])("refuses by rule %s what is larger than declared", (rule, spec, value) => {
  expect(decodeModel(spec, value)).toMatchObject({ ok: false, rule });
});

test("answers any value with a model or a rule", () => {
  const index = fc.integer({ min: -2, max: 5 });
  const arrays = fc.array(index, { minLength: 1, maxLength: 5 });
  const near = fc.record({
    kind: fc.constant("tree-model"),
    link: fc.constant("log"),
    features: fc.constant(["a", "b"]),
    base: fc.double(),
    trees: fc.array(fc.record({ feature: arrays, threshold: arrays, left: arrays, right: arrays, value: arrays })),
  });
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), near), (value) => {
      const decoded = decodeModel(SPECS.trees, value);
      // Every walk over a tree that was let through ends at a leaf.
      if (!decoded.ok || decoded.model.kind !== "tree-model") return;
      for (const { left, right } of decoded.model.trees) {
        const depth = (node: number): number =>
          left[node] === -1 ? 1 : 1 + Math.max(depth(left[node] ?? 0), depth(right[node] ?? 0));
        expect(depth(0)).toBeLessThanOrEqual(left.length);
      }
    }),
    { numRuns: 400 },
  );
});

test("a job declares one model at most, and predicts one of its inputs", () => {
  const manifest = (outputs: Record<string, ModelSpec>) =>
    JobManifest.safeParse({ name: "a", purpose: "a", input: { age: "f64" }, outputs });
  expect(manifest({ model: { ...SPECS.trees, target: "age", link: "logit" } }).success).toBe(true);
  expect(manifest({ model: { ...SPECS.trees, target: "name" } }).success).toBe(false);
  for (const spec of [SPECS.trees, { kind: "linear-model", maxParameters: 2 } as const]) {
    const { error } = manifest({ model: { ...spec, target: "age" } });
    expect(error?.issues[0]).toMatchObject({
      path: ["outputs", "model", "link"],
      message: expect.stringContaining("a link beside a target") as unknown,
    });
  }
  expect(manifest({ model: SPECS.trees, other: SPECS.card }).success).toBe(false);
  expect(manifest({ model: { ...SPECS.trees, maxTrees: 201 } }).success).toBe(false);
});

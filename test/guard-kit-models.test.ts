/** Models that the kit fits to generated persons leave: no rule of the guard stops what an honest job makes.
 *  @module */
import { decisionTree, designMatrix, gradientBoosting, kMeans, scorecard, toModel } from "@sluice/sandbox/kit";
import type { ModelSpec, ReleasedModel } from "@sluice/protocol";
import { expect, test } from "vitest";
import { factsOf, judge, people, refused, said } from "../packages/desensitize/test/model-people.ts";

test("boosted trees, a tree, a scorecard and k-means of the kit are let out, their centres as means", () => {
  const [table, heldOut] = [people(5_000, 1), people(5_000, 2)];
  const rows = { rowCount: 5_000, ...table.columns };
  const matrix = designMatrix(rows, ["age", "income", "region=north"]);
  const late = Float64Array.from(table.columns["late"]?.values ?? []);
  const of = (model: ReleasedModel, spec: ModelSpec): ReturnType<typeof judge> =>
    judge(model, spec, factsOf(table, { heldOut }));
  const spec = { kind: "tree-model", maxTrees: 20, maxLeaves: 8, target: "late", link: "logit" } as const;
  expect(refused(of(toModel(gradientBoosting(matrix, late, { trees: 10, maxLeaves: 4 })), spec))).toEqual([]);
  expect(refused(of(toModel(decisionTree(matrix, late, { link: "logit", maxLeaves: 6 })), spec))).toEqual([]);
  const card = toModel(scorecard(rows, ["age", "income", "region"], late));
  expect(refused(of(card, { kind: "scorecard", maxBins: 64, target: "late" }))).toEqual([]);
  for (const clusters of [2, 8, 16]) {
    const verdict = of(toModel(kMeans(matrix, { clusters })), { kind: "clusters", maxClusters: 16 });
    expect(refused(verdict)).toEqual([]);
    expect(said(verdict, "model-copy")).toBe("passed");
  }
});

test("boosted trees of few rows as the kit makes them are refused by no rule: neither their cuts nor their number", () => {
  for (const [rows, seed] of [
    [400, 1],
    [400, 2],
    [1_000, 3],
    [2_000, 4],
  ] as const) {
    const [table, heldOut] = [people(rows, seed), people(rows, seed + 100)];
    const matrix = designMatrix({ rowCount: rows, ...table.columns }, ["age", "income", "region=north", "region=east"]);
    const fit = gradientBoosting(matrix, Float64Array.from(table.columns["late"]?.values ?? []));
    const spec = { kind: "tree-model", maxTrees: 50, maxLeaves: 8, target: "late", link: "logit" } as const;
    const verdict = judge(toModel(fit), spec, factsOf(table, { heldOut, sensitive: [] }));
    expect([rows, refused(verdict)]).toEqual([rows, []]);
    expect(fit.trees.length).toBeGreaterThan(15);
  }
});

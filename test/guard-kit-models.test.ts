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
  const spec = { kind: "tree-model", maxTrees: 20, maxLeaves: 8, target: "late" } as const;
  expect(refused(of(toModel(gradientBoosting(matrix, late, { trees: 10, maxLeaves: 4 })), spec))).toEqual([]);
  expect(refused(of(toModel(decisionTree(matrix, late, { maxLeaves: 6 })), spec))).toEqual([]);
  const card = toModel(scorecard(rows, ["age", "income", "region"], late));
  expect(refused(of(card, { kind: "scorecard", maxBins: 64, target: "late" }))).toEqual([]);
  for (const clusters of [2, 8, 16]) {
    const verdict = of(toModel(kMeans(matrix, { clusters })), { kind: "clusters", maxClusters: 16 });
    expect(refused(verdict)).toEqual([]);
    expect(said(verdict, "model-copy")).toBe("passed");
  }
});

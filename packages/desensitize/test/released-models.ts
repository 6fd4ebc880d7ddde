/** Released models of many persons each, for tests to change.
 *  @module */
import type { Clusters, Scorecard, Tree, TreeModel } from "@sluice/protocol";
import { factsOf, people } from "./model-people.ts";

/** The sample. */
export const TABLE = people(1_000, 1);
/** Persons outside of it. */
export const OTHERS = people(1_000, 2);
/** What the guard knows of a run on the sample. */
export const FACTS = factsOf(TABLE, { heldOut: OTHERS });

/** One split of `feature` at `threshold`. */
export const stump = (feature: number, threshold: number, values: [number, number]): Tree => ({
  feature: [feature, 0, 0],
  threshold: [threshold, 0, 0],
  left: [1, -1, -1],
  right: [2, -1, -1],
  value: [0, ...values],
});
/** Trees of age and income. */
export const trees = (...own: Tree[]): TreeModel => ({
  kind: "tree-model",
  link: "logit",
  features: ["age", "income"],
  base: 0,
  trees: own,
});
/** Declaration of `trees`. */
export const TREE_SPEC = { kind: "tree-model", maxTrees: 10, maxLeaves: 8, target: "late", link: "logit" } as const;
/** A scorecard of age and region. */
export const SCORECARD: Scorecard = {
  kind: "scorecard",
  intercept: -0.1,
  items: [
    { column: "age", breaks: [35, 55], points: [0.6, 0, -0.6, 0] },
    { column: "region", levels: [["north"], ["south", "east"]], points: [0.1, -0.05, 0] },
  ],
};
/** Declaration of `SCORECARD`. */
export const SCORECARD_SPEC = { kind: "scorecard", maxBins: 16, target: "late" } as const;
/** Where 2-means ends on TABLE. */
export const CLUSTERS: Clusters = {
  kind: "clusters",
  features: ["age", "income"],
  means: [50, 60_000],
  scales: [17, 23_000],
  centres: [
    [0.024, 0.831],
    [-0.053, -0.91],
  ],
};
/** Declaration of `CLUSTERS`. */
export const CLUSTERS_SPEC = { kind: "clusters", maxClusters: 8 } as const;

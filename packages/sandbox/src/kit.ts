/** The small machine-learning kit that runs inside a job: pure functions over typed arrays, no native code.
 *  @module */
export * from "./kit/bands.ts";
export * from "./kit/boosting.ts";
export { deviance } from "./kit/deviance.ts";
export * from "./kit/features.ts";
export * from "./kit/groups.ts";
export * from "./kit/kmeans.ts";
export { linearRegression } from "./kit/linear.ts";
export * from "./kit/logistic.ts";
export * from "./kit/metrics.ts";
export type { LinearFit, RegressionOptions } from "./kit/newton.ts";
export * from "./kit/poisson.ts";
export * from "./kit/predict.ts";
export * from "./kit/rng.ts";
export * from "./kit/scorecard.ts";
export * from "./kit/split.ts";
export * from "./kit/square-network.ts";
export * from "./kit/to-model.ts";
export { decisionTree, MIN_LEAF_ROWS, type LeafOptions, type TreeFit, type TreeOptions } from "./kit/tree-fit.ts";

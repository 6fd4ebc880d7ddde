/** The small machine-learning kit that runs inside a job: pure functions over typed arrays, no native code.
 *  @module */
export * from "./kit/features.ts";
export * from "./kit/groups.ts";
export * from "./kit/logistic.ts";
export * from "./kit/metrics.ts";
export * from "./kit/predict.ts";
export * from "./kit/rng.ts";

/** Released models as a job declares them: a kind, and how large it may be.
 *  @module */
import { z } from "zod";
import { FieldName } from "./identifiers.ts";
import {
  leafCount,
  MAX_CLUSTERS,
  MAX_LEAVES,
  MAX_MODEL_FEATURES,
  MAX_SCORECARD_BINS,
  MAX_TREES,
  ModelLink,
  scorecardBins,
  type ReleasedModel,
} from "./model.ts";

/** Input column that a model predicts: with it, the guard can tell how well the model remembers single rows. */
const target = FieldName.optional();
/** How the prediction follows from the sum. Whoever names a target says how it is predicted: nothing is guessed from its values. */
const link = ModelLink.optional();
const hasLink = (spec: { readonly target?: string | undefined; readonly link?: ModelLink | undefined }): boolean =>
  spec.target === undefined || spec.link !== undefined;
const LINK_MISSING = { path: ["link"], message: "a link beside a target: identity, logit or log" };

/** Released: coefficients of a linear score, one per feature, and an intercept. */
export const LinearModelSpec = z
  .strictObject({
    kind: z.literal("linear-model"),
    maxParameters: z.int().min(1).max(MAX_MODEL_FEATURES),
    target,
    link,
  })
  .refine(hasLink, LINK_MISSING);
export type LinearModelSpec = z.infer<typeof LinearModelSpec>;

/** Released: decision trees that are added up. */
export const TreeModelSpec = z
  .strictObject({
    kind: z.literal("tree-model"),
    maxTrees: z.int().min(1).max(MAX_TREES),
    /** Of each tree. */
    maxLeaves: z.int().min(2).max(MAX_LEAVES),
    target,
    link,
  })
  .refine(hasLink, LINK_MISSING);
export type TreeModelSpec = z.infer<typeof TreeModelSpec>;

/** Released: points by bin of each column. */
export const ScorecardSpec = z.strictObject({
  kind: z.literal("scorecard"),
  /** Of all columns. */
  maxBins: z.int().min(2).max(MAX_SCORECARD_BINS),
  target,
});
export type ScorecardSpec = z.infer<typeof ScorecardSpec>;

/** Released: centres of clusters. */
export const ClustersSpec = z.strictObject({
  kind: z.literal("clusters"),
  maxClusters: z.int().min(2).max(MAX_CLUSTERS),
});
export type ClustersSpec = z.infer<typeof ClustersSpec>;

/** A declared model of any kind. */
export type ModelSpec = LinearModelSpec | TreeModelSpec | ScorecardSpec | ClustersSpec;

/** Whether `model` is of the kind that `spec` declares, and no larger. */
export function fitsSpec(model: ReleasedModel, spec: ModelSpec): boolean {
  switch (spec.kind) {
    case "linear-model":
      return (
        model.kind === spec.kind &&
        model.features.length === model.weights.length &&
        model.weights.length <= spec.maxParameters
      );
    case "tree-model":
      return (
        model.kind === spec.kind &&
        model.trees.length <= spec.maxTrees &&
        model.trees.every((tree) => leafCount(tree) <= spec.maxLeaves) &&
        (spec.link === undefined || model.link === spec.link)
      );
    case "scorecard":
      return model.kind === spec.kind && scorecardBins(model) <= spec.maxBins;
    case "clusters":
      return model.kind === spec.kind && model.centres.length <= spec.maxClusters;
  }
}

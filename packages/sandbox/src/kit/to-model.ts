/** The exported form of a fit: what a job returns for a model that it declares, without what only its developer needs.
 *  @module */
import type { Clusters, LinearModel, ReleasedModel, Scorecard, TreeModel } from "@sluice/protocol";
import type { ClustersFit } from "./kmeans.ts";
import type { LinearFit } from "./newton.ts";
import type { ScorecardFit } from "./scorecard.ts";
import type { TreeFit } from "./tree-fit.ts";

/** The model of a fit, as it may be released. */
export function toModel(fit: LinearFit): LinearModel;
export function toModel(fit: TreeFit): TreeModel;
export function toModel(fit: ScorecardFit): Scorecard;
export function toModel(fit: ClustersFit): Clusters;
export function toModel(fit: LinearFit | TreeFit | ScorecardFit | ClustersFit): ReleasedModel {
  switch (fit.kind) {
    case "linear-model": {
      const { kind, features, weights, intercept } = fit;
      return { kind, features, weights, intercept };
    }
    case "tree-model": {
      const { kind, link, features, base, trees } = fit;
      return { kind, link, features, base, trees };
    }
    case "scorecard": {
      const { kind, intercept, items } = fit;
      return { kind, intercept, items };
    }
    case "clusters": {
      const { kind, features, means, scales, centres } = fit;
      return { kind, features, means, scales, centres };
    }
  }
}

/** How a domain would serve a released model under encryption: planned here by the domain's own arithmetic, so that a
 *  model that cannot be served is told before it is submitted.
 *  @module */
import type { JobManifest, LinearModel } from "@sluice/protocol";

/** A score output with the figures that its callers get. */
export interface PlannedScore {
  /** Name of the output. */
  readonly output: string;
  readonly features: readonly string[];
  readonly featureBound: number;
  readonly link: string;
  /** No score of a request is further from the plain one, but with probability 2^-40. */
  readonly errorBound: number;
}

/** The score that `manifest` declares, with `model`; null when it declares none.
 *  @throws ERR_SCORE_MODEL when the model cannot be served within the bound */
export async function planScoreOutput(manifest: JobManifest, model: LinearModel): Promise<PlannedScore | null> {
  for (const [output, spec] of Object.entries(manifest.outputs)) {
    if (spec.kind !== "score") continue;
    const { planScore } = await import("@sluice/mpc/he/linear/server");
    const { features, featureBound, errorBound } = planScore(model, spec.featureBound);
    return { output, features, featureBound, link: spec.link, errorBound };
  }
  return null;
}

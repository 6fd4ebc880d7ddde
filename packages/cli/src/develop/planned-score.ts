/** How a domain would serve a model under encryption, a released one or one that stays: planned here by the domain's own arithmetic,
 *  so that a model that cannot be served is told before it is submitted.
 *  @module */
import type { CheckedOutput, JobManifest, LinearModel } from "@sluice/protocol";

/** A score output with the figures that its callers get. */
export interface PlannedScore {
  /** Name of the output. */
  readonly output: string;
  readonly features: readonly string[];
  /** Of a released model. */
  readonly featureBound?: number;
  readonly link: string;
  /** No score of a request is further from the plain one, but with probability 2^-39. */
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

/** The model that stays among what the guard let through; null without one.
 *  @throws ERR_SCORE_MODEL when its noise leaves nothing of scores, or no scales hold them */
export async function planNetworkOutput(manifest: JobManifest, output: CheckedOutput): Promise<PlannedScore | null> {
  for (const [name, value] of Object.entries(output.values)) {
    const spec = manifest.outputs[name];
    if (value.kind !== "square-network" || spec?.kind !== "square-network") continue;
    const { planHidden } = await import("@sluice/mpc/he/hidden/server");
    // Any salt: the hash goes nowhere.
    const network = { ...value, salt: "00".repeat(32) };
    const { errorBound } = await planHidden(network, { resolution: spec.resolution });
    return { output: name, features: spec.features.map((feature) => feature.name), link: spec.link, errorBound };
  }
  return null;
}

/** What makes the fields of a model, which user code chose, a released model: of the declared kind, no larger than declared,
 *  every number finite and every index in range.
 *  @module */
import { fitsSpec, ReleasedModel, type ModelSpec } from "@sluice/protocol";

/** What a model must be like, by kind. */
export const MODEL_FORMS: Readonly<Record<ModelSpec["kind"], string>> = {
  "linear-model": "return features, each named once, as many finite weights, and a finite intercept",
  "tree-model": "return link, features, a finite base, and trees with children after their parent",
  scorecard: "return a finite intercept, and items with breaks or levels and finite points for each bin",
  clusters: "return features, and as many finite means, scales and numbers of each centre",
};

/** The model, or the rule that it breaks with what must change. */
export type DecodedModel =
  | { readonly ok: true; readonly model: ReleasedModel }
  | { readonly ok: false; readonly rule: string; readonly change: string };

/** Reads `value` as the model that `spec` declares. */
export function decodeModel(spec: ModelSpec, value: unknown): DecodedModel {
  const form = { ok: false, rule: `${spec.kind}-form`, change: MODEL_FORMS[spec.kind] } as const;
  const parsed = ReleasedModel.safeParse(value);
  if (!parsed.success || parsed.data.kind !== spec.kind) return form;
  const model = parsed.data;
  if (model.kind === "linear-model") {
    const { features, weights } = model;
    if (features.length !== weights.length || new Set(features).size !== features.length) return form;
  }
  return fitsSpec(model, spec) ? { ok: true, model } : { ok: false, ...limitOf(spec) };
}

function limitOf(spec: ModelSpec): { rule: string; change: string } {
  switch (spec.kind) {
    case "linear-model":
      return { rule: "linear-model-parameters", change: `return at most ${spec.maxParameters} weights` };
    case "tree-model": {
      const link = spec.link === undefined ? "" : `, and the link ${spec.link}`;
      return {
        rule: "tree-model-size",
        change: `return at most ${spec.maxTrees} trees of at most ${spec.maxLeaves} leaves${link}`,
      };
    }
    case "scorecard":
      return { rule: "scorecard-size", change: `return at most ${spec.maxBins} bins` };
    case "clusters":
      return { rule: "clusters-size", change: `return at most ${spec.maxClusters} centres` };
  }
}

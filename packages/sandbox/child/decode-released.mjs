// @ts-check
/** Outputs that may leave: metrics and models, into the canonical form.
 *  @module */
import { decodeModel } from "./decode-model.mjs";
import { Refusal, RULE } from "./form.mjs";
import { hasExactly, isRecord } from "./records.mjs";

const MODELS = ["linear-model", "tree-model", "scorecard", "clusters"];

/** @param {import("./form.mjs").FormWriter} form @param {number} index @param {any} spec @param {unknown} value */
export function decodeReleased(form, index, spec, value) {
  if (MODELS.includes(spec.kind)) decodeModel(form, spec.kind, value, new Refusal(RULE.modelForm, index));
  else if (spec.kind === "metrics") metrics(form, index, spec, value);
  else throw new Refusal(RULE.outputFormat);
}

// struct { float64 values[keys]; } Metrics: in the order of the manifest's keys, each once.
/** @param {import("./form.mjs").FormWriter} form @param {number} index @param {any} spec @param {unknown} value */
function metrics(form, index, spec, value) {
  const malformed = new Refusal(RULE.metricsFinite, index);
  if (!isRecord(value) || !hasExactly(value, ["kind", "values"]) || value.kind !== "metrics") throw malformed;
  const { values } = value;
  if (!isRecord(values) || !Object.values(values).every(Number.isFinite)) throw malformed;
  const keys = [...new Set(/** @type {string[]} */ (spec.keys))];
  if (!hasExactly(values, keys)) throw new Refusal(RULE.metricsKeys, index);
  for (const key of keys) form.f64(values[key]);
}

/** What a job can write into its outputs at most, whatever it means by them: the bound on a covert channel, from what its
 *  manifest declares and what the guard leaves. It is a budget to judge a release by, not a measure of a leak.
 *  @module */
import {
  isServedKind,
  MAX_MODEL_FEATURES,
  tableCells,
  type DeclaredKind,
  type JobManifest,
  type OutputSpec,
} from "@sluice/protocol";
import { METRIC_DIGITS } from "./metrics.ts";
import { MODEL_DIGITS } from "./model/quantise.ts";
import { MAX_MAGNITUDE, MIN_MAGNITUDE } from "./rounding.ts";
import { MEAN_DIGITS } from "./cell-means.ts";

/** Rows of a cell take one of as many multiples of the rounding base at most as these bits count. */
const COUNT_BITS = 20;

/** Bits of one output: for each row of the source that is served, or for all of what leaves. */
export interface OutputChannel {
  readonly output: string;
  readonly per: "row" | "output";
  readonly bits: number;
}

/** The bound for each output, rounded up to a tenth of a bit. A score serves its model and adds nothing, and of a
 *  noisy table or a data set no code of the job chooses anything. */
export function channelBits({ outputs }: Pick<JobManifest, "outputs">): OutputChannel[] {
  return Object.entries(outputs).flatMap(([output, spec]) => {
    if (spec.kind === "score" || spec.kind === "noisy-table" || spec.kind === "dataset") return [];
    const per = spec.kind === "labels" || spec.kind === "set" ? ("row" as const) : ("output" as const);
    return [{ output, per, bits: Math.ceil(bitsOf(spec) * 10) / 10 }];
  });
}

/** What the outputs of one run carry at most beyond the domain, as they leave it whole: labels and sets answer row by row, and each
 *  answer is counted by the grant's quota. */
export function releasedBits(manifest: Pick<JobManifest, "outputs">, kind: "released" | "served"): number {
  const bits = channelBits(manifest)
    .filter(({ output, per }) => {
      const spec = manifest.outputs[output];
      return per === "output" && spec !== undefined && isServedKind(spec.kind) === (kind === "served");
    })
    .reduce((sum, channel) => sum + channel.bits, 0);
  return Math.ceil(bits);
}

function bitsOf(spec: Exclude<OutputSpec, { kind: DeclaredKind }>): number {
  switch (spec.kind) {
    case "labels":
      return Math.log2(spec.vocabulary.length);
    case "set":
      return 1;
    case "metrics":
      return spec.keys.length * numberBits(METRIC_DIGITS);
    case "linear-model":
      return spec.maxParameters * numberBits(MODEL_DIGITS);
    case "tree-model":
      // Of each tree, the values of its leaves, and between them thresholds, features and the shape.
      return (
        numberBits(MODEL_DIGITS) +
        spec.maxTrees * (2 * spec.maxLeaves - 1) * (numberBits(MODEL_DIGITS) + Math.log2(MAX_MODEL_FEATURES) + 1)
      );
    case "scorecard":
      // Points of each bin, and the break or the group before it.
      return (2 * spec.maxBins + 1) * numberBits(MODEL_DIGITS);
    case "clusters":
      return (spec.maxClusters + 2) * MAX_MODEL_FEATURES * numberBits(MODEL_DIGITS);
    case "table":
      // A mean may also be absent, and a cell not listed.
      return tableCells(spec.dimensions) * (1 + COUNT_BITS + spec.measures.length * (numberBits(MEAN_DIGITS) + 1));
  }
}

/** Of a number with so many significant digits: mantissa, decades, sign, and zero. */
function numberBits(digits: number): number {
  const decades = Math.log10(MAX_MAGNITUDE / MIN_MAGNITUDE);
  return Math.log2(2 * 9 * 10 ** (digits - 1) * decades + 1);
}

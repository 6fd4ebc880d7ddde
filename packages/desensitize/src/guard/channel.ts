/** What a job can write into its outputs at most, whatever it means by them: the bound on a covert channel, from what its
 *  manifest declares and what the guard leaves. It is a budget to judge a release by, not a measure of a leak.
 *  @module */
import {
  isDeclaredKind,
  isServedKind,
  MAX_MODEL_FEATURES,
  tableCells,
  type DeclaredKind,
  type JobManifest,
  type OutputSpec,
} from "@sluice/protocol";
import { METRIC_DIGITS } from "./metrics.ts";
import { MIN_PARAMETER, MODEL_DIGITS } from "./model/quantise.ts";
import { MAX_MAGNITUDE, MIN_MAGNITUDE } from "./rounding.ts";
import { NETWORK_BIAS_BITS, NETWORK_WEIGHT_BITS } from "./square-network.ts";
import { MEAN_DIGITS } from "./cell-means.ts";

/** Columns, and levels that ten persons have, of which a model may name any: one in so many is a choice of as many bits. Their order
 *  is none, as models leave sorted and without what they do not read. */
const NAMES = 4_096;
/** Columns of a scorecard, levels of a group of one. */
const MAX_ITEMS = 64;
const MAX_GROUP_LEVELS = 256;

/** Exponents of the steps of a model that stays. */
const STEP_BITS = 6;

/** Rows of a cell take one of as many multiples of the rounding base at most as these bits count. */
const COUNT_BITS = 20;

/** Bits of one output: for each row of the source that is served, or for all of what leaves. */
export interface OutputChannel {
  readonly output: string;
  readonly per: "row" | "output";
  readonly bits: number;
}

/** The bound for each output, rounded up to a tenth of a bit. A score serves its model and adds nothing, and of a
 *  noisy table, a data set or sums of groups no code of the job chooses anything. */
export function channelBits({ outputs }: Pick<JobManifest, "outputs">): OutputChannel[] {
  return Object.entries(outputs).flatMap(([output, spec]) => {
    if (isDeclared(spec)) return [];
    const per = spec.kind === "labels" || spec.kind === "set" ? ("row" as const) : ("output" as const);
    return [{ output, per, bits: Math.ceil(bitsOf(spec) * 10) / 10 }];
  });
}

function isDeclared(spec: OutputSpec): spec is Extract<OutputSpec, { kind: DeclaredKind }> {
  return isDeclaredKind(spec.kind);
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

const PARAMETER_BITS = numberBits(MODEL_DIGITS, MIN_PARAMETER);

function bitsOf(spec: Exclude<OutputSpec, { kind: DeclaredKind }>): number {
  switch (spec.kind) {
    case "labels":
      return Math.log2(spec.vocabulary.length);
    case "set":
      return 1;
    case "metrics":
      return spec.keys.length * numberBits(METRIC_DIGITS);
    case "linear-model":
      return spec.maxParameters * PARAMETER_BITS + namesBits(spec.maxParameters - 1);
    case "tree-model":
      // Of each tree, the values of its leaves, and between them thresholds, features and the shape.
      return (
        PARAMETER_BITS +
        namesBits(spec.maxTrees * (spec.maxLeaves - 1)) +
        spec.maxTrees * (2 * spec.maxLeaves - 1) * (PARAMETER_BITS + Math.log2(MAX_MODEL_FEATURES) + 1)
      );
    case "scorecard":
      // Points of each bin, and the break before it; or for each level the bin that it is in, or none.
      return (
        (2 * spec.maxBins + 1) * PARAMETER_BITS +
        namesBits(Math.min(MAX_ITEMS, spec.maxBins / 2)) +
        Math.min(NAMES, MAX_GROUP_LEVELS * spec.maxBins) * Math.log2(spec.maxBins)
      );
    case "clusters":
      return (spec.maxClusters + 2) * MAX_MODEL_FEATURES * PARAMETER_BITS + namesBits(MAX_MODEL_FEATURES);
    case "square-network": {
      // Whole numbers of either sign, and the size of a step. Callers can have them by one request.
      const [weight, bias] = [
        Math.log2(2 ** (NETWORK_WEIGHT_BITS + 1) + 1),
        Math.log2(2 ** (NETWORK_BIAS_BITS + 1) + 1),
      ];
      return spec.maxUnits * (1 + spec.features.length * weight + bias) + bias + STEP_BITS;
    }
    case "table":
      // A mean may also be absent, and a cell not listed.
      return tableCells(spec.dimensions) * (1 + COUNT_BITS + spec.measures.length * (numberBits(MEAN_DIGITS) + 1));
  }
}

/** Of the choice of as many names. */
function namesBits(features: number): number {
  return Math.max(0, Math.min(features, MAX_MODEL_FEATURES)) * Math.log2(NAMES);
}

/** Of a number with so many significant digits: mantissa, decades, sign, and zero. */
function numberBits(digits: number, least = MIN_MAGNITUDE): number {
  const decades = Math.log10(MAX_MAGNITUDE / least);
  return Math.log2(2 * 9 * 10 ** (digits - 1) * decades + 1);
}

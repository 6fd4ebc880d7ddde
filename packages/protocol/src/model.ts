/** Released models: what a development run may let out of a domain, in the exported form that the guard understands. Each
 *  names its features as the kit does: `age` for the number in column `age`, `region=north` for 1 where column `region` is
 *  `north` and 0 elsewhere; a missing number is 0. Every number of a model is read by some prediction: the forms leave no
 *  place for others.
 *  @module */
import { z } from "zod";
import { FieldName } from "./identifiers.ts";

/** Features of one model. */
export const MAX_MODEL_FEATURES = 256;
/** Trees of one model. */
export const MAX_TREES = 200;
/** Leaves of one tree. */
export const MAX_LEAVES = 64;
/** Bins of a scorecard, of all its columns. */
export const MAX_SCORECARD_BINS = 256;
/** Centres of one clustering. */
export const MAX_CLUSTERS = 64;

/** How a prediction follows from the sum of a model's terms: as it is, as the probability 1 / (1 + e^-x), as the mean e^x. */
export const ModelLink = z.enum(["identity", "logit", "log"]);
export type ModelLink = z.infer<typeof ModelLink>;

const Features = z.array(z.string().min(1).max(80)).min(1).max(MAX_MODEL_FEATURES);

/** Coefficients in declared order of features. */
export const LinearModel = z.strictObject({
  kind: z.literal("linear-model"),
  features: Features,
  weights: z.array(z.number()).min(1).max(MAX_MODEL_FEATURES),
  intercept: z.number(),
});
export type LinearModel = z.infer<typeof LinearModel>;

/** One entry per node in each. */
interface TreeArrays {
  readonly feature: readonly number[];
  readonly threshold: readonly number[];
  readonly left: readonly number[];
  readonly right: readonly number[];
  readonly value: readonly number[];
}

const nodes = <T extends z.ZodType>(entry: T): z.ZodArray<T> =>
  z
    .array(entry)
    .min(1)
    .max(2 * MAX_LEAVES - 1);

/** One decision tree: node 0 is the root and children come after their parent. A row goes left when its feature is at most
 *  the threshold. A leaf has `left` = `right` = -1, feature 0 and threshold 0; any other node has the value 0. */
export const Tree = z
  .strictObject({
    feature: nodes(
      z
        .int()
        .min(0)
        .max(MAX_MODEL_FEATURES - 1),
    ),
    threshold: nodes(z.number()),
    left: nodes(
      z
        .int()
        .min(-1)
        .max(2 * MAX_LEAVES - 2),
    ),
    right: nodes(
      z
        .int()
        .min(-1)
        .max(2 * MAX_LEAVES - 2),
    ),
    value: nodes(z.number()),
  })
  .refine((tree) => isTree(tree), "a binary tree with children after their parent");
export type Tree = z.infer<typeof Tree>;

/** Trees whose leaves are added up: the prediction is link⁻¹(base + Σ leaf). */
export const TreeModel = z
  .strictObject({
    kind: z.literal("tree-model"),
    link: ModelLink,
    features: Features.refine(isDistinct, "each feature once"),
    base: z.number(),
    trees: z.array(Tree).min(1).max(MAX_TREES),
  })
  .refine(
    ({ features, trees }) => trees.every(({ feature }) => feature.every((index) => index < features.length)),
    "every node splits a feature of the model",
  );
export type TreeModel = z.infer<typeof TreeModel>;

const Points = z.array(z.number()).min(2).max(MAX_SCORECARD_BINS);

/** Points of one column. A number has breaks.length + 2 of them: for (-∞, b0), [b0, b1), … and the last for a missing one.
 *  A text has levels.length + 1: for each group of levels, and the last for other texts and a missing one. */
export const ScorecardItem = z.union([
  z
    .strictObject({
      column: FieldName,
      breaks: z.array(z.number()).max(MAX_SCORECARD_BINS - 2),
      points: Points,
    })
    .refine(({ breaks, points }) => points.length === breaks.length + 2, "one entry of points per bin")
    .refine(
      ({ breaks }) => breaks.every((bound, i) => i === 0 || bound > (breaks[i - 1] ?? bound)),
      "ascending breaks",
    ),
  z
    .strictObject({
      column: FieldName,
      levels: z
        .array(z.array(z.string().max(80)).min(1).max(MAX_SCORECARD_BINS))
        .min(1)
        .max(MAX_SCORECARD_BINS - 1),
      points: Points,
    })
    .refine(({ levels, points }) => points.length === levels.length + 1, "one entry of points per bin")
    .refine(({ levels }) => isDistinct(levels.flat()), "each level once"),
]);
export type ScorecardItem = z.infer<typeof ScorecardItem>;

/** Points by bin of each column. P(target = 1) = 1 / (1 + e^-(intercept + Σ points)): points are log-odds. */
export const Scorecard = z
  .strictObject({
    kind: z.literal("scorecard"),
    intercept: z.number(),
    items: z.array(ScorecardItem).min(1).max(64),
  })
  .refine(({ items }) => isDistinct(items.map(({ column }) => column)), "each column once")
  .refine((model) => scorecardBins(model) <= MAX_SCORECARD_BINS, `at most ${MAX_SCORECARD_BINS} bins`);
export type Scorecard = z.infer<typeof Scorecard>;

/** Centres of k-means. A row is standardised as (x - mean) / scale and belongs to the nearest centre, the first of equals. */
export const Clusters = z
  .strictObject({
    kind: z.literal("clusters"),
    features: Features.refine(isDistinct, "each feature once"),
    means: z.array(z.number()).max(MAX_MODEL_FEATURES),
    scales: z.array(z.number().positive()).max(MAX_MODEL_FEATURES),
    /** In standardised space, one number per feature. */
    centres: z.array(z.array(z.number()).max(MAX_MODEL_FEATURES)).min(1).max(MAX_CLUSTERS),
  })
  .refine(
    ({ features, means, scales, centres }) =>
      [means, scales, ...centres].every((numbers) => numbers.length === features.length),
    "one mean, one scale and one number of each centre per feature",
  );
export type Clusters = z.infer<typeof Clusters>;

/** A model that a development run released, of any kind. */
export const ReleasedModel = z.discriminatedUnion("kind", [LinearModel, TreeModel, Scorecard, Clusters]);
export type ReleasedModel = z.infer<typeof ReleasedModel>;

/** Kinds of output that are models: a job declares one at most. */
export const MODEL_KINDS = ["linear-model", "tree-model", "scorecard", "clusters"] as const;
export type ModelKind = (typeof MODEL_KINDS)[number];

/** Whether an output of this kind is a model. */
export function isModelKind(kind: string): kind is ModelKind {
  return MODEL_KINDS.some((model) => model === kind);
}

/** Whether a returned value is a model. */
export function isModel<T extends { readonly kind: string }>(value: T): value is Extract<T, { kind: ModelKind }> {
  return isModelKind(value.kind);
}

/** Leaves of a tree. */
export function leafCount(tree: Tree): number {
  return (tree.left.length + 1) / 2;
}

/** Bins of a scorecard, of all its columns. */
export function scorecardBins(model: { readonly items: readonly Pick<ScorecardItem, "points">[] }): number {
  return model.items.reduce((bins, { points }) => bins + points.length, 0);
}

/** Whether the arrays are one binary tree: equally long, and every node but the root the child of one earlier node. */
function isTree({ feature, threshold, left, right, value }: TreeArrays): boolean {
  const size = left.length;
  if ([feature, threshold, right, value].some(({ length }) => length !== size)) return false;
  const hasParent = new Uint8Array(size);
  hasParent[0] = 1;
  for (let node = 0; node < size; node++) {
    const children = [left[node] ?? -1, right[node] ?? -1];
    if (children.every((child) => child === -1)) {
      if (feature[node] !== 0 || threshold[node] !== 0) return false;
      continue;
    }
    if (value[node] !== 0) return false;
    for (const child of children) {
      if (child <= node || child >= size || hasParent[child] === 1) return false;
      hasParent[child] = 1;
    }
  }
  return hasParent.every((flag) => flag === 1);
}

function isDistinct(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}

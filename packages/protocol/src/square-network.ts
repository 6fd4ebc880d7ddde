/** A model with one hidden layer of square activations (隐藏层模型): what a job declares and returns, and what a domain keeps and
 *  serves under encryption. It is no released model: it leaves in no release, no report and no snapshot.
 *  @module */
import { z } from "zod";
import { Sha256Hex } from "./identifiers.ts";
import { ScoreLink } from "./score.ts";

/** Features of a model: as many columns as a request holds. */
export const MAX_HIDDEN_FEATURES = 32;
/** Units of the hidden layer. */
export const MAX_HIDDEN_UNITS = 64;

/** Name of a column: a few words of any script, with the signs that the kit's names of features have. */
const FeatureText = z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N} _.,:=<>≤≥+/()（）、·–~-]{0,79}$/u);

/** A column: its name, and the bounds of its values. */
export const HiddenFeature = z
  .strictObject({ name: FeatureText, low: z.number(), high: z.number() })
  .refine(({ low, high }) => low < high && Number.isFinite(high - low), "bounds, the lower one first");
export type HiddenFeature = z.infer<typeof HiddenFeature>;

/** Columns in the order of a request. */
export const HiddenFeatures = z
  .array(HiddenFeature)
  .min(1)
  .max(MAX_HIDDEN_FEATURES)
  .refine((features) => new Set(features.map(({ name }) => name)).size === features.length, "each feature once");

/** A unit: sign · (bias + Σ weight · z)². */
const SquareUnit = z.strictObject({
  sign: z.union([z.literal(1), z.literal(-1)]),
  bias: z.number(),
  weights: z.array(z.number()).min(1).max(MAX_HIDDEN_FEATURES),
});

const network = {
  kind: z.literal("square-network"),
  features: HiddenFeatures,
  units: z.array(SquareUnit).min(1).max(MAX_HIDDEN_UNITS),
  intercept: z.number(),
};
const isWhole = ({
  features,
  units,
}: {
  readonly features: readonly unknown[];
  readonly units: readonly { readonly weights: readonly number[] }[];
}): boolean => units.every(({ weights }) => weights.length === features.length);
const WEIGHT_MISSING = "one weight of each unit per feature";

/** score = intercept + Σ sign · (bias + Σ weight · z)², where z takes a feature's bounds to -1 and 1. */
export const SquareNetworkFit = z.strictObject(network).refine(isWhole, WEIGHT_MISSING);
export type SquareNetworkFit = z.infer<typeof SquareNetworkFit>;

/** The model as a domain admits it. */
export const SquareNetwork = z
  .strictObject({
    ...network,
    /** Unknown outside of the domain, so that the published hash confirms no guess of the weights. */
    salt: Sha256Hex,
  })
  .refine(isWhole, WEIGHT_MISSING);
export type SquareNetwork = z.infer<typeof SquareNetwork>;

/** Served: scores of a model that `produce` fits on every row and that stays in the domain. Everything here is published: it is
 *  declared, so that nothing which callers see of the model's shape was chosen by code that had rows. */
export const SquareNetworkSpec = z.strictObject({
  kind: z.literal("square-network"),
  features: HiddenFeatures,
  maxUnits: z.int().min(1).max(MAX_HIDDEN_UNITS),
  /** Applied by callers. */
  link: ScoreLink,
  /** Standard deviation that the noise of a score has at least. */
  resolution: z
    .number()
    .positive()
    .max(2 ** 30),
});
export type SquareNetworkSpec = z.infer<typeof SquareNetworkSpec>;

/** Numbers that scores determine: the coefficients of a quadratic form of so many features. */
export function formCoefficients(features: number): number {
  return ((features + 1) * (features + 2)) / 2;
}

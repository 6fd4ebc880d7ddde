/** What the guard measured of a released model, on the rows it was fitted on and on rows it never saw. It is for the department's
 *  reviewer and stays in the domain: a developer learns the rules that held, and no number of these.
 *  @module */
import { z } from "zod";
import { FieldName, MemberName } from "./identifiers.ts";
import { MODEL_KINDS } from "./model.ts";

const share = z.number().min(0).max(1);
const count = z.int().nonnegative();

/** Points of a ROC curve that are kept. */
export const MAX_ROC_POINTS = 101;
/** Groups of a model that are listed, the smallest first. */
export const MAX_GROUPS_SHOWN = 64;

/** Whether the loss tells who was in the sample: 0.5 is chance. */
export const MembershipEvidence = z.strictObject({
  /** Rows of the sample and outside of it that have a value to predict. */
  members: count,
  others: count,
  /** Probability that the loss of a row of the sample is below that of another. */
  auc: share,
  /** Of an AUC as far from a half by chance alone. */
  pValue: share,
  /** Largest distance between the shares of both below one loss (Kolmogorov and Smirnov), and of one as large by chance alone. */
  gap: z.strictObject({ distance: share, pValue: share }),
  /** Share of members that are found, by small or by large losses, when 1 % of others are taken for members, with its 95 % interval. */
  tprAt1: z.strictObject({ value: share, low: share, high: share }),
  /** False positive rate and true positive rate. */
  roc: z.array(z.tuple([share, share])).max(MAX_ROC_POINTS),
});
export type MembershipEvidence = z.infer<typeof MembershipEvidence>;

/** How often a sensitive column is guessed right from the output and all other features, in the sample and outside. */
export const AttributeEvidence = z.strictObject({
  column: FieldName,
  levels: count,
  members: share,
  others: share,
  /** Of a difference as large by chance alone. */
  pValue: share,
});
export type AttributeEvidence = z.infer<typeof AttributeEvidence>;

/** What was found of one model. */
export const ModelEvidence = z.strictObject({
  output: MemberName,
  kind: z.enum(MODEL_KINDS),
  parameters: count,
  persons: count,
  /** Leaves, intervals between thresholds, bins or clusters, by how many persons of the sample are in them. */
  groups: z
    .array(z.strictObject({ name: z.string().max(120), persons: count, pure: FieldName.optional() }))
    .max(MAX_GROUPS_SHOWN),
  groupCount: count,
  /** Different outputs, to 3 digits, over the sample. */
  distinctOutputs: count.optional(),
  membership: MembershipEvidence.optional(),
  attributes: z.array(AttributeEvidence).max(256),
});
export type ModelEvidence = z.infer<typeof ModelEvidence>;

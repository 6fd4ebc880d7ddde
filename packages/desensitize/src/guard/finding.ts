/** Findings of the output guard. A note is one constant text per rule and result: on real rows, what a refusal
 *  says must not depend on them.
 *  @module */
import type { GuardFinding } from "@sluice/protocol";

/** Rules of the guard, with what each expects. Ids are stable. */
export const GUARD_RULES = {
  "output-class": "released outputs come from develop on a sample, served outputs from produce on every row",
  "output-declared": "the outputs are exactly those the manifest declares for this class, of the declared kinds",
  "rows-minimum": "the run read of at least 10 persons or things",
  "metrics-keys": "the metrics are exactly the declared keys",
  "metrics-finite": "every metric is a finite number",
  "metrics-range": "no metric is above 1e9 in magnitude; below 1e-6 it becomes 0",
  "metrics-count": "whole numbers above 1 are counts: below 10 they become 0, others are rounded to multiples of 5",
  "metrics-differencing":
    "no fewer than 10 persons or things tell the sample from an earlier one of the source of which metrics were told",
  "metrics-digits": "3 significant digits of every metric leave",
  "model-parameters": "the model is of the declared kind, link and size: one weight per feature, the intercept counted",
  "model-size": "at most 256 parameters leave without a reviewer's look, 10,000 with it",
  "model-ratio": "at most 0.33 parameters per person or thing, and at least 10 of them more than parameters",
  "model-features": "each feature is an input column, or a dictionary column = one of its frequent levels, once",
  "model-support": "every feature differs for at least 10 persons or things from what most have",
  "model-groups":
    "every leaf, bin and cluster holds at least 10 persons or things of the sample, by the numbers that leave",
  "model-intervals":
    "between two thresholds of several trees there are at least 10 persons or things, or nobody; as many tell two leaves apart: else a reviewer looks",
  "model-pure":
    "in each leaf, bin and cluster 10 persons or things have another sensitive value, or target, than most: else a reviewer looks",
  "model-copy":
    "each centre is the mean of the rows nearest to it, and no row of one to nine persons or things; parameters list no column: else a reviewer looks",
  "model-target":
    "the declared target is not read by the model, which tells it better than its mean does: else membership says little",
  "model-holdout": "membership was measured against at least 100 rows outside of the sample: else a reviewer looks",
  "model-membership":
    "neither a small nor a large loss tells who was in the sample: AUC to 0.60, 5 % found at 1 % of false alarms; above 0.55, or losses that differ, for review",
  "model-attributes":
    "a sensitive value is guessed of persons in the sample at most 10 points oftener than of others; above 5 for review",
  "model-outputs": "outputs to 3 digits are at most a third as many as persons or things: else a reviewer looks",
  "model-finite": "every parameter and every prediction is a finite number",
  "model-range": "no parameter is above 1e9 in magnitude; below 1e-12 it becomes 0",
  "model-differencing":
    "no fewer than 10 persons or things tell the sample from an earlier one of the source, of which a model of the same kind was told",
  "model-digits": "4 significant digits of every parameter leave",
  "release-bytes": "at most 64 KB of one run leave without a reviewer's look, 16 MB with it",
  "release-scalars": "at most 32 metrics of one run leave without a reviewer's look",
  "release-budget":
    "what left of the source table so far can carry at most 524,288 bits with this: else a reviewer looks",
  "labels-length": "one label for every row",
  "labels-vocabulary": "every label is in the declared vocabulary",
  "labels-cell": "every label that is used covers at least 10 persons or things",
  "labels-copy": "labels do not give back a column of three or more values, or two columns together",
  "labels-digits": "labels do not tell the low digits or bits of a number",
  "labels-order": "rows that agree in every column have the same label",
  "set-length": "one entry for every row",
  "set-values": "every entry is 1 for a member or 0",
  "set-cell": "at least 10 persons or things are members, and at least 10 are not, or none",
  "set-digits": "membership does not tell the low digits or bits of a number",
  "set-order": "rows that agree in every column are both members or both none",
  "network-units": "the model has the declared features and at most as many units, with a weight for each feature",
  "network-finite": "every number is finite",
  "network-range": "the largest weight is between 2^-20 and 2^20, and no bias above 2^20 of its smallest steps",
  "network-ratio":
    "at most 0.33 numbers that scores determine per person or thing, and at least 10 of them more than numbers",
  "network-digits": "8 bits and a sign of every weight stay, in steps of one power of two",
  "network-differencing":
    "no fewer than 10 persons or things tell the rows from those of an earlier model of this kind over the source",
  "table-columns": "the dimensions and measures are exactly the declared ones",
  "table-length": "one entry for every row in each dimension and measure",
  "table-levels": "every code is below the number of levels of its dimension, or 255 for no group",
  "table-finite": "every measure is a finite number, or NaN for none",
  "table-range": "no measure is above 1e9 in magnitude; means below 1e-6 become 0",
  "table-order": "rows that agree in every column are in the same groups and have the same measures",
  "table-group":
    "cells of a group are listed when at least 10 of it have another level of a sensitive dimension than most",
  "table-differencing":
    "a number is listed when no fewer than 10 persons or things tell it from one that an earlier table of the source showed",
  "table-cells":
    "cells of at least 10 persons or things are listed; at most 20 % of the grouped rows lie elsewhere: else group more coarsely",
  "table-mean":
    "a mean is of 10 or more persons or things, of whom 10 have another value than most; no one or two dominate it; 10 tell it from others of its cell",
  "table-count": "rows are rounded to multiples of 5, totals are sums of listed cells",
  "table-digits": "3 significant digits of every mean leave",
} as const;

/** Id of a rule. */
export type GuardRule = keyof typeof GUARD_RULES;

/** Rules of a model that may ask for a reviewer's look, by what the job returned: each is a bit of what a completed run tells. */
export const REVIEWED_RULES = [
  "model-size",
  "model-intervals",
  "model-pure",
  "model-copy",
  "model-target",
  "model-holdout",
  "model-membership",
  "model-attributes",
  "model-outputs",
  "release-bytes",
] as const satisfies GuardRule[];

/** Rules that ask for it by what the manifest declares and what left before. */
type StandingReview = "release-scalars" | "release-budget";

/** Finding that `rule` held on `output`, changed it, or refuses it. */
export function finding(
  output: string,
  rule: GuardRule,
  result: Exclude<GuardFinding["result"], "review">,
): GuardFinding;
/** Finding that may ask for a reviewer's look. */
export function finding(
  output: string,
  rule: (typeof REVIEWED_RULES)[number] | StandingReview,
  result: GuardFinding["result"],
): GuardFinding;
export function finding(output: string, rule: GuardRule, result: GuardFinding["result"]): GuardFinding {
  return { output, rule, result, note: GUARD_RULES[rule] };
}

/** Finding of a rule that either holds or refuses. */
export function judged(output: string, rule: GuardRule, holds: boolean): GuardFinding {
  return finding(output, rule, holds ? "passed" : "refused");
}

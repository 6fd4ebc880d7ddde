/** The reversibility battery of a released model: what it tells of those whom it was fitted on, and not of others. Rows that it never saw
 *  come from the domain; user code has seen none of them.
 *  @module */
import type {
  AttributeEvidence,
  ColumnBatch,
  DomainFacts,
  GuardFinding,
  MembershipEvidence,
  ModelEvidence,
} from "@sluice/protocol";
import type { ModelLink, ModelSpec, ReleasedModel } from "@sluice/protocol";
import { finding } from "../finding.ts";
import { countSubjects } from "../subjects.ts";
import { measureAttributes } from "./attributes.ts";
import { losses, measureMembership } from "./membership.ts";
import { predictions, standardizedRows, type Predictor } from "./predict.ts";

/** AUC above which a model is refused, and with significance reviewed. Ours: no threshold is accepted everywhere. */
const MAX_AUC = 0.6;
const REVIEW_AUC = 0.55;
/** Share of members found among 1 % of false alarms: five times chance. */
const MAX_TPR = 0.05;
/** Rows outside of the sample from which a rate at 1 % is more than a handful of rows. */
const MIN_TPR_ROWS = 1_000;
/** Advantage at guessing a sensitive value of members over others. Ours. */
const MAX_ADVANTAGE = 0.1;
const REVIEW_ADVANTAGE = 0.05;
/** Of a difference that is taken for one. */
const SIGNIFICANT = 0.01;
/** Different outputs for each person (DataSHIELD's `nfilter.levels.density`). */
const MAX_OUTPUT_DENSITY = 0.33;
/** Digits to which outputs are told apart. */
const OUTPUT_DIGITS = 3;

/** What of a model was measured, and what the rules say of it. */
export interface Battery {
  readonly findings: GuardFinding[];
  readonly evidence: Pick<ModelEvidence, "membership" | "distinctOutputs" | "attributes">;
}

/** The battery on `model`, as it leaves. */
export function runBattery(
  output: string,
  model: ReleasedModel,
  { spec, table, facts }: { readonly spec: ModelSpec; readonly table: ColumnBatch; readonly facts: DomainFacts },
): Battery {
  const { heldOut } = facts;
  if (model.kind === "clusters") {
    const distances = (rows: ColumnBatch): Float64Array => nearestDistances(model, rows);
    const membership = heldOut === undefined ? null : measureMembership(distances(table), distances(heldOut));
    return {
      findings: [...membershipFindings(output, membership)],
      evidence: { attributes: [], ...(membership === null ? {} : { membership }) },
    };
  }
  const distinctOutputs = countOutputs(model, linkOf(model, spec, table), table);
  const dense = distinctOutputs > MAX_OUTPUT_DENSITY * countSubjects(facts);
  const outputs = finding(output, "model-outputs", dense ? "review" : "passed");
  const target = "target" in spec ? spec.target : undefined;
  const link = linkOf(model, spec, table);
  const inside = target === undefined ? null : losses(model, link, target, table);
  if (target === undefined || inside === null) {
    return {
      findings: [finding(output, "model-target", "review"), outputs],
      evidence: { attributes: [], distinctOutputs },
    };
  }
  const outside = heldOut === undefined ? null : losses(model, link, target, heldOut);
  const membership = outside === null ? null : measureMembership(inside, outside);
  const sensitive = facts.sensitive ?? [];
  const attributes =
    heldOut === undefined
      ? []
      : measureAttributes(model, { link, target }, { members: table, others: heldOut, sensitive });
  return {
    findings: [
      finding(output, "model-target", "passed"),
      ...membershipFindings(output, membership),
      ...(membership === null ? [] : [finding(output, "model-attributes", worst(attributes.map(attributeResult)))]),
      outputs,
    ],
    evidence: { attributes, distinctOutputs, ...(membership === null ? {} : { membership }) },
  };
}

/** That of the model, or as declared; else a yes or no is taken for one. */
function linkOf(model: Predictor, spec: ModelSpec, table: ColumnBatch): ModelLink {
  if (model.kind === "scorecard") return "logit";
  if (model.kind === "tree-model") return model.link;
  if (spec.kind !== "linear-model") return "identity";
  const binary = spec.target !== undefined && table.columns[spec.target]?.type === "bool";
  return spec.link ?? (binary ? "logit" : "identity");
}

function membershipFindings(output: string, membership: MembershipEvidence | null): GuardFinding[] {
  if (membership === null) return [finding(output, "model-holdout", "review")];
  return [
    finding(output, "model-holdout", "passed"),
    finding(output, "model-membership", membershipResult(membership)),
  ];
}

function membershipResult({ auc, pValue, tprAt1, others }: MembershipEvidence): GuardFinding["result"] {
  const found = tprAt1.value > MAX_TPR;
  if (auc > MAX_AUC || (found && others >= MIN_TPR_ROWS)) return "refused";
  return found || (auc > REVIEW_AUC && pValue < SIGNIFICANT) ? "review" : "passed";
}

function attributeResult({ members, others, pValue }: AttributeEvidence): GuardFinding["result"] {
  const advantage = members - others;
  if (pValue >= SIGNIFICANT || advantage <= REVIEW_ADVANTAGE) return "passed";
  return advantage > MAX_ADVANTAGE ? "refused" : "review";
}

function worst(results: readonly GuardFinding["result"][]): GuardFinding["result"] {
  return (["refused", "review"] as const).find((result) => results.includes(result)) ?? "passed";
}

function countOutputs(model: Predictor, link: ModelLink, table: ColumnBatch): number {
  const outputs = new Set<string>();
  for (const value of predictions(model, link, table)) outputs.add(value.toPrecision(OUTPUT_DIGITS));
  return outputs.size;
}

function nearestDistances(model: Extract<ReleasedModel, { kind: "clusters" }>, table: ColumnBatch): Float64Array {
  const rows = standardizedRows(model, table);
  return Float64Array.from({ length: table.rowCount }, (_, row) => {
    let least = Infinity;
    for (const centre of model.centres) {
      let distance = 0;
      for (const [j, values] of rows.entries()) distance += ((values[row] ?? 0) - (centre[j] ?? 0)) ** 2;
      if (distance < least) least = distance;
    }
    return least;
  });
}

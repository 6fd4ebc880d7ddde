/** The reversibility battery of a released model: what it tells of those whom it was fitted on, and not of others. Rows that it never saw
 *  come from the domain; user code has seen none of them.
 *  @module */
import { DEFAULT_LINK, inverseLink } from "@sluice/protocol";
import type {
  AttributeEvidence,
  Column,
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
import { columnOfFeature } from "./features.ts";
import { calibrate, fitsLink, hasValue, losses, lossesOf, marginsOf, scaleOf, standardized } from "./margin.ts";
import { measureMembership } from "./membership.ts";
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
/** Predictions this near to 0 or 1 are sure, and their share from which a person looks. */
const SURE = 1e-6;
const MAX_SURE_SHARE = 0.1;
/** Columns that were not declared and are tried. */
const MAX_UNDECLARED = 32;
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
  const target = "target" in spec ? spec.target : undefined;
  const link = linkOf(model, spec);
  const predicted = predictions(model, link, table);
  const margins = marginsOf(model, table);
  const outside = heldOut === undefined ? null : predictions(model, link, heldOut);
  const distinctOutputs = countOutputs(margins);
  const dense = distinctOutputs > MAX_OUTPUT_DENSITY * countSubjects(facts);
  const outputs = finding(output, "model-outputs", dense ? "review" : "passed");
  const unmeasured = (findings: readonly GuardFinding[]): Battery => ({
    findings: [...findings, outputs],
    evidence: { attributes: [], distinctOutputs },
  });
  if (![predicted, margins, outside ?? []].every((values) => values.every((value) => Number.isFinite(value)))) {
    return unmeasured([finding(output, "model-finite", "refused")]);
  }
  // A model that reads what it is measured by has no loss whatever else it remembers.
  const read = columnsRead(model);
  if (target !== undefined && read.has(target)) return unmeasured([finding(output, "model-target", "refused")]);
  const column = target === undefined ? undefined : columnOf(table, target);
  if (target === undefined || column === undefined || !fitsLink(column, link)) {
    return unmeasured([finding(output, "model-target", "review")]);
  }
  const useless = isSaturated(link, predicted) || !predicts(link, column, predicted);
  const other = heldOut === undefined ? undefined : columnOf(heldOut, target);
  if (heldOut === undefined || outside === null || other === undefined || !fitsLink(other, link)) {
    const result = useless ? "review" : "passed";
    return unmeasured([finding(output, "model-target", result), ...membershipFindings(output, null)]);
  }
  const others = marginsOf(model, heldOut);
  const calibration = calibrate(link, column, margins);
  const membership = measureMembership(
    losses(link, column, margins, calibration),
    losses(link, other, others, calibration),
  );
  const undeclared = membership !== null && remembersOther(model, { target, read }, { table, heldOut });
  const sensitive = facts.sensitive ?? [];
  const attributes = measureAttributes(
    model,
    { link, target, calibration },
    { members: table, others: heldOut, sensitive },
  );
  return {
    findings: [
      finding(output, "model-target", useless || !predicts(link, other, outside) ? "review" : "passed"),
      ...membershipFindings(output, membership, undeclared),
      ...(membership === null ? [] : [finding(output, "model-attributes", worst(attributes.map(attributeResult)))]),
      outputs,
    ],
    evidence: { attributes, distinctOutputs, ...(membership === null ? {} : { membership }) },
  };
}

/** Columns that `model` reads. */
function columnsRead(model: Predictor): ReadonlySet<string> {
  return new Set(
    model.kind === "scorecard" ? model.items.map(({ column }) => column) : model.features.map(columnOfFeature),
  );
}

function columnOf({ columns }: ColumnBatch, name: string): Column | undefined {
  return Object.hasOwn(columns, name) ? columns[name] : undefined;
}

/** Whether much of what a logit predicts is sure: a base or a scale that no fit has. */
function isSaturated(link: ModelLink, predicted: Float64Array): boolean {
  if (link !== "logit") return false;
  const sure = predicted.reduce((count, p) => count + (Math.min(p, 1 - p) < SURE ? 1 : 0), 0);
  return sure > MAX_SURE_SHARE * predicted.length;
}

/** Whether the predictions are better than the mean for everybody: if not, the numbers of the model are about something else. */
function predicts(link: ModelLink, column: Column, predicted: Float64Array): boolean {
  let [sum, count] = [0, 0];
  for (let row = 0; row < column.values.length; row++) {
    if (hasValue(column, row)) [sum, count] = [sum + (column.values[row] ?? 0), count + 1];
  }
  const total = (means: (row: number) => number): number =>
    lossesOf(link, column, means).reduce((all, loss) => all + loss, 0);
  return total((row) => predicted[row] ?? 0) < total(() => sum / Math.max(1, count));
}

/** Whether the margin remembers, of the sample, a number that was not declared and is not read: by squares, whatever the link. */
function remembersOther(
  model: Predictor,
  { target, read }: { readonly target: string; readonly read: ReadonlySet<string> },
  { table, heldOut }: { readonly table: ColumnBatch; readonly heldOut: ColumnBatch },
): boolean {
  const [margins, others] = [marginsOf(model, table), marginsOf(model, heldOut)];
  const names = Object.keys(table.columns).filter((name) => name !== target && !read.has(name));
  const tried = names.slice(0, MAX_UNDECLARED);
  return tried.some((name) => {
    const [own, other] = [columnOf(table, name), columnOf(heldOut, name)];
    if (own === undefined || other === undefined || own.type === "dict" || other.type === "dict") return false;
    const calibration = calibrate("identity", own, margins);
    const found = measureMembership(
      losses("identity", own, margins, calibration),
      losses("identity", other, others, calibration),
    );
    if (found === null) return false;
    return Math.max(found.auc, 1 - found.auc) > REVIEW_AUC && found.pValue < SIGNIFICANT / tried.length;
  });
}

/** That of the model, or as declared. */
function linkOf(model: Predictor, spec: ModelSpec): ModelLink {
  if (model.kind === "scorecard") return "logit";
  if (model.kind === "tree-model") return model.link;
  return (spec.kind === "linear-model" ? spec.link : undefined) ?? DEFAULT_LINK;
}

function membershipFindings(output: string, membership: MembershipEvidence | null, undeclared = false): GuardFinding[] {
  if (membership === null) return [finding(output, "model-holdout", "review")];
  return [
    finding(output, "model-holdout", "passed"),
    finding(output, "model-membership", worst([membershipResult(membership), undeclared ? "review" : "passed"])),
  ];
}

function membershipResult({ auc: below, pValue, tprAt1, others, gap }: MembershipEvidence): GuardFinding["result"] {
  // A loss that is larger for members tells them as well.
  const auc = Math.max(below, 1 - below);
  const found = tprAt1.value > MAX_TPR;
  if (auc > MAX_AUC || (found && others >= MIN_TPR_ROWS)) return "refused";
  return found || gap.pValue < SIGNIFICANT || (auc > REVIEW_AUC && pValue < SIGNIFICANT) ? "review" : "passed";
}

function attributeResult({ members, others, pValue }: AttributeEvidence): GuardFinding["result"] {
  const advantage = members - others;
  if (pValue >= SIGNIFICANT || advantage <= REVIEW_ADVANTAGE) return "passed";
  return advantage > MAX_ADVANTAGE ? "refused" : "review";
}

function worst(results: readonly GuardFinding["result"][]): GuardFinding["result"] {
  return (["refused", "review"] as const).find((result) => results.includes(result)) ?? "passed";
}

/** Margins on the scale of the sample, as shares, to three digits. */
function countOutputs(margins: Float64Array): number {
  const scale = scaleOf(margins);
  const outputs = new Set<string>();
  for (const margin of margins) {
    outputs.add(inverseLink("logit", standardized(scale, margin)).toPrecision(OUTPUT_DIGITS));
  }
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

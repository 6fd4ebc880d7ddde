/** Guard rules for released models: as few numbers as were declared, for the persons or things that they were fitted on; few digits, closed
 *  names; groups that are large enough; no rows; and what the battery measured.
 *  @module */
import {
  fitsSpec,
  type ColumnBatch,
  type DomainFacts,
  type GuardFinding,
  type JobManifest,
  type ModelEvidence,
  type ModelSpec,
  type ReleasedModel,
} from "@sluice/protocol";
import { finding, judged } from "../finding.ts";
import { countSubjects } from "../subjects.ts";
import { runBattery } from "./battery.ts";
import { canonical } from "./canonical.ts";
import { copyResult } from "./copied-centres.ts";
import { copiesValues } from "./copied-values.ts";
import { discloseGroups } from "./disclosed-groups.ts";
import { isClosedFeature, isSupported } from "./features.ts";
import { hasNearLeaves } from "./near-leaves.ts";
import { isBelowRatio } from "./parameter-ratio.ts";
import { countParameters, isBounded, numbersOf, quantised } from "./quantise.ts";

/** Parameters that leave without a person's look, and with one. Ours. */
const MAX_AUTOMATIC_PARAMETERS = 256;
const MAX_PARAMETERS = 10_000;

/** A judged model. */
export interface GuardedModel {
  /** What may leave if no finding is refused. */
  readonly value: ReleasedModel;
  readonly findings: GuardFinding[];
  /** What a reviewer sees in the domain; absent without rows. */
  readonly evidence?: ModelEvidence;
}

/** Applies the model rules. */
export function guardModel(
  output: string,
  model: ReleasedModel,
  spec: ModelSpec,
  manifest: JobManifest,
  facts: DomainFacts,
): GuardedModel {
  const numbers = numbersOf(model);
  const parameters = countParameters(model);
  const persons = countSubjects(facts);
  const fits = fitsSpec(model, spec) && (spec.kind !== "linear-model" || parameters <= spec.maxParameters);
  const supported = isBelowRatio(parameters, persons);
  const named = hasClosedNames(model, manifest, facts);
  const finite = numbers.every((value) => Number.isFinite(value));
  const bounded = isBounded(model);
  const { table } = facts;
  const findings = [
    judged(output, "model-parameters", fits),
    finding(output, "model-size", sizeResult(parameters)),
    judged(output, "model-ratio", supported),
    judged(output, "model-features", named),
    ...(table === undefined || !named || model.kind === "scorecard"
      ? []
      : [
          judged(
            output,
            "model-support",
            model.features.every((feature) => isSupported(feature, facts)),
          ),
        ]),
    judged(output, "model-finite", finite),
    judged(output, "model-range", bounded),
  ];
  // What is refused anyway is not counted: a model of any size would cost as it likes.
  if (!finite || !bounded || !fits || !named || parameters > MAX_PARAMETERS) return { value: model, findings };

  const value = canonical(quantised(model));
  // Rounded always: whether it changed a number would tell of that number.
  findings.push(finding(output, "model-digits", "changed"));
  if (table === undefined) {
    // Nothing was counted and nothing measured: groups are refused, coefficients are for a person to judge.
    const counted = value.kind === "linear-model" ? [] : [judged(output, "model-groups", false)];
    return { value, findings: [...findings, ...counted, finding(output, "model-holdout", "review")] };
  }
  const groups = checkGroups(output, value, { spec, table, facts });
  const battery = runBattery(output, value, { spec, table, facts });
  findings.push(...groups.findings, ...battery.findings);
  const evidence = { output, kind: value.kind, parameters, persons, ...groups.evidence, ...battery.evidence };
  return { value, findings, evidence };
}

function sizeResult(parameters: number): GuardFinding["result"] {
  if (parameters > MAX_PARAMETERS) return "refused";
  return parameters > MAX_AUTOMATIC_PARAMETERS ? "review" : "passed";
}

function hasClosedNames(model: ReleasedModel, manifest: JobManifest, facts: DomainFacts): boolean {
  if (model.kind !== "scorecard") {
    const distinct = new Set(model.features).size === model.features.length;
    return distinct && model.features.every((feature) => isClosedFeature(feature, manifest, facts));
  }
  return model.items.every((item) => {
    const type = Object.hasOwn(manifest.input, item.column) ? manifest.input[item.column] : undefined;
    if ("breaks" in item) return type !== undefined && type !== "dict";
    return item.levels.flat().every((level) => isClosedFeature(`${item.column}=${level}`, manifest, facts));
  });
}

/** Rules on the groups of persons that the numbers of `value` are about. */
function checkGroups(
  output: string,
  value: ReleasedModel,
  { spec, table, facts }: { readonly spec: ModelSpec; readonly table: ColumnBatch; readonly facts: DomainFacts },
): { findings: GuardFinding[]; evidence: Pick<ModelEvidence, "groups" | "groupCount"> } {
  const sensitive = facts.sensitive ?? [];
  const target = "target" in spec && spec.target !== undefined ? [spec.target] : [];
  const { large, apart, pure, few, evidence } = discloseGroups(value, table, {
    facts,
    watched: [...sensitive, ...target],
  });
  const listed =
    value.kind === "clusters" ? [] : [finding(output, "model-copy", copiesValues(value, table) ? "review" : "passed")];
  if (value.kind === "linear-model") return { findings: listed, evidence };
  // A leaf among many trees says what is left over by the others, and not what its persons have.
  const told = value.kind === "tree-model" && value.trees.length > 1 ? "review" : "refused";
  const isFew = pure.size > 0 || sensitive.some((name) => few.has(name));
  const purity = sensitive.some((name) => pure.has(name)) ? told : isFew ? "review" : "passed";
  const isNear = value.kind === "tree-model" && hasNearLeaves(value, table, facts);
  const near = !apart ? "refused" : isNear ? "review" : "passed";
  return {
    findings: [
      judged(output, "model-groups", large),
      ...(value.kind === "tree-model" ? [finding(output, "model-intervals", near)] : []),
      finding(output, "model-pure", purity),
      ...listed,
      ...(value.kind === "clusters" ? [finding(output, "model-copy", copyResult(value, table, facts))] : []),
    ],
    evidence,
  };
}

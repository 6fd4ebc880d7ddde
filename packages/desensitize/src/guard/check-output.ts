/** The output guard: what a run returned against what its manifest declares and what disclosure control allows.
 *  It runs where no user code is; every value that goes on is one it has rounded or checked.
 *  @module */
import {
  isDeclaredKind,
  isModel,
  isProducedKind,
  isServedKind,
  type CheckedOutput,
  type DomainFacts,
  type GuardFinding,
  type JobManifest,
  type JobOutput,
  type ModelEvidence,
  type OutputSpec,
  type Verdict,
} from "@sluice/protocol";
import { judged } from "./finding.ts";
import { guardLabels } from "./labels.ts";
import { guardMemberFlags } from "./member-flags.ts";
import { guardMetrics } from "./metrics.ts";
import { guardModel } from "./model/check-model.ts";
import { NearSets } from "./near-sets.ts";
import { checkBudget, checkReleaseSize } from "./release-size.ts";
import { releasedSet, type ReleasedKind } from "./released-sets.ts";
import { joinedSets, separateSets } from "./shown-sets.ts";
import { countSubjects, MIN_CELL_SUBJECTS } from "./subjects.ts";
import { guardNetwork } from "./square-network.ts";
import { guardTable } from "./table.ts";

/** Stands for the whole output in a finding: names that user code chose are not repeated. */
const WHOLE_OUTPUT = "all";

/** Every rule of `GUARD_RULES` that applies to `output`. A verdict of `ok: true` carries the output as it may go on,
 *  which is not the object that came in; any refused finding makes it `ok: false`. Notes are constants. */
export function checkOutput(output: JobOutput, manifest: JobManifest, facts: DomainFacts): Verdict {
  const declared = Object.entries(manifest.outputs).filter(([, { kind }]) =>
    output.class === "served" ? isProducedKind(kind) : !isServedKind(kind),
  );
  const returned = Object.entries(output.values);
  const complete =
    declared.length > 0 &&
    returned.length === declared.length &&
    declared.every(([name, spec]) => output.values[name]?.kind === returnedKind(spec));
  const findings = [
    judged(WHOLE_OUTPUT, "output-class", (output.class === "released") === (facts.environment === "development")),
    judged(WHOLE_OUTPUT, "output-declared", complete),
    judged(WHOLE_OUTPUT, "rows-minimum", countSubjects(facts) >= MIN_CELL_SUBJECTS),
  ];
  if (!complete) return { ok: false, findings };

  const checked =
    output.class === "released" ? checkReleased(output, manifest, facts) : checkServed(output, manifest, facts);
  findings.push(...checked.findings);
  const refused = findings.some(({ result }) => result === "refused");
  const evidence = checked.evidence.length === 0 ? {} : { evidence: checked.evidence };
  if (refused) return { ok: false, findings, ...evidence };
  const { shown } = checked;
  return { ok: true, output: checked.output, findings, ...evidence, ...(shown === undefined ? {} : { shown }) };
}

/** Kind of what a job returns for `spec`: the cells of a table are made here. Null for what no job returns. */
function returnedKind({ kind }: OutputSpec): JobOutput["values"][string]["kind"] | null {
  if (isDeclaredKind(kind)) return null;
  return kind === "table" ? "table-rows" : kind;
}

type Checked = { output: CheckedOutput; findings: GuardFinding[]; evidence: ModelEvidence[]; shown?: Uint32Array };

function checkReleased(
  output: Extract<JobOutput, { class: "released" }>,
  manifest: JobManifest,
  facts: DomainFacts,
): Checked {
  const findings: GuardFinding[] = [];
  const evidence: ModelEvidence[] = [];
  const values: Extract<JobOutput, { class: "released" }>["values"] = {};
  const { tags, shown: earlier } = facts;
  const before = earlier === undefined ? null : new NearSets(separateSets(earlier));
  const shown: Uint32Array[] = [];
  const compare = (name: string, kind: ReleasedKind): void => {
    if (tags === undefined) return;
    const set = releasedSet(facts, tags, kind);
    shown.push(set);
    const rule = kind === "metrics" ? "metrics-differencing" : "model-differencing";
    if (before !== null) findings.push(judged(name, rule, !before.isNear(set)));
  };
  for (const [name, spec] of Object.entries(manifest.outputs)) {
    const value = output.values[name];
    if (spec.kind === "metrics" && value?.kind === "metrics") {
      const guarded = guardMetrics(name, value, spec.keys);
      values[name] = guarded.value;
      findings.push(...guarded.findings);
      compare(name, "metrics");
    } else if (isModel(spec) && value !== undefined && isModel(value)) {
      const guarded = guardModel(name, value, spec, manifest, facts);
      values[name] = guarded.value;
      findings.push(...guarded.findings);
      if (guarded.evidence !== undefined) evidence.push(guarded.evidence);
      compare(name, value.kind);
    }
  }
  if (findings.every(({ result }) => result !== "refused")) findings.push(...checkReleaseSize(values));
  findings.push(...checkBudget(manifest, "released", facts));
  return {
    output: { class: "released", values },
    findings,
    evidence,
    ...(shown.length === 0 ? {} : { shown: joinedSets(shown) }),
  };
}

function checkServed(
  output: Extract<JobOutput, { class: "served" }>,
  manifest: JobManifest,
  facts: DomainFacts,
): Checked {
  const findings: GuardFinding[] = [];
  const values: Extract<CheckedOutput, { class: "served" }>["values"] = {};
  // A manifest declares one output that is served.
  let shown: Uint32Array | undefined;
  for (const [name, spec] of Object.entries(manifest.outputs)) {
    const guarded = checkServedValue(name, spec, output.values[name], facts);
    if (guarded === null) continue;
    if (guarded.value !== null) values[name] = guarded.value;
    shown = guarded.shown ?? shown;
    findings.push(...guarded.findings);
  }
  findings.push(...checkBudget(manifest, "served", facts));
  return { output: { class: "served", values }, findings, evidence: [], ...(shown === undefined ? {} : { shown }) };
}

/** `value` of the result is null when a finding refuses what was returned; the result, when nothing is to be checked. */
function checkServedValue(
  name: string,
  spec: OutputSpec,
  value: Extract<JobOutput, { class: "served" }>["values"][string] | undefined,
  facts: DomainFacts,
): {
  value: Extract<CheckedOutput, { class: "served" }>["values"][string] | null;
  findings: GuardFinding[];
  shown?: Uint32Array;
} | null {
  if (spec.kind === "labels" && value?.kind === "labels") {
    return guardLabels(name, value, spec.vocabulary, facts);
  }
  if (spec.kind === "set" && value?.kind === "set") return guardMemberFlags(name, value, facts);
  if (spec.kind === "square-network" && value?.kind === "square-network") return guardNetwork(name, value, spec, facts);
  if (spec.kind === "table" && value?.kind === "table-rows") return guardTable(name, value, spec, facts);
  return null;
}

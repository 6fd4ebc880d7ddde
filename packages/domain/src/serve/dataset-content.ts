/** What a data set is made of: the sample of the grant's policy, drawn and measured as a developer's is, of the same persons.
 *  @module */
import { documentHash, type DatasetSpec, type GuardReport, type Sha256Hex } from "@sluice/protocol";
import type { Made } from "./build.ts";
import type { DomainContext } from "./context.ts";
import { grantedView } from "./granted-view.ts";
import type { RunWork } from "./guarded-run.ts";
import { RunRefused } from "./run-refused.ts";
import { drawShown } from "./shown-sample.ts";

const NOTE = "rows of the certified sample of the policy, in the declared columns";

/** Draws the sample that a data set shows. All granted columns are measured, whichever are shown.
 *  @throws RunRefused when the policy keeps its samples in the domain; ERR_SAMPLE_K, ERR_SAMPLE_GATE, ERR_POLICY, ERR_CANCELLED */
export async function datasetContent(
  context: DomainContext,
  { admitted: { held }, signal }: RunWork,
  { name, spec, bundle }: { readonly name: string; readonly spec: DatasetSpec; readonly bundle: Sha256Hex },
): Promise<Made> {
  const sharing = held.policy.sharing ?? "controlled";
  if (sharing === "enclave") {
    const details = { output: name, rule: "dataset-sharing", change: "a policy whose sample may leave the domain" };
    throw new RunRefused({ code: "ERR_GUARD_OUTPUT", details, refusedBy: "domain" });
  }
  const view = grantedView(context, held, signal);
  const sample = await drawShown(context, held, signal);
  // Whose rows it was drawn from: of a sample all, as of a set.
  const { keys, snapshot } = await context.data.readAll({ ...view, fields: spec.fields.slice(0, 1) });
  if (snapshot !== sample.certificate.sourceSnapshot) throw new RunRefused(changedTable());
  const report: GuardReport = {
    bundle,
    class: "served",
    verdict: "release",
    findings: [{ output: name, rule: "certified-sample", result: "passed", note: NOTE }],
    output: await documentHash({ sample: sample.certificate.report ?? null, fields: spec.fields, days: spec.days }),
    at: context.clock.now().toISOString(),
  };
  const { fields, days } = spec;
  return {
    content: { kind: "dataset", sample, fields, days, source: snapshot },
    report,
    layers: [],
    keys,
    sourceSnapshot: snapshot,
  };
}

function changedTable(): ConstructorParameters<typeof RunRefused>[0] {
  return { code: "ERR_STORE", details: { reason: "the table changed while it was read" }, refusedBy: "domain" };
}

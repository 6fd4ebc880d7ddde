/** A developer's run: a sample that passed the desensitisation gate, the bundle, the guard.
 *  @module */
import type { CutRequest } from "@sluice/desensitize";
import { canonicalBytes, documentHash, type LinearModel, type Metrics } from "@sluice/protocol";
import type { HeldGrant } from "../state/documents.ts";
import type { DomainContext } from "./context.ts";
import { registered, runGuarded, type RunWork } from "./guarded-run.ts";
import { issueReceipt, keptReport, prove } from "./receipts.ts";
import { sampleInput } from "./run-inputs.ts";
import { type RunResult, RunRefused } from "./run-refused.ts";

/** Runs the bundle's `develop` on the grant's sample. @throws RunRefused, ERR_SAMPLE_K, ERR_SAMPLE_GATE, ERR_POLICY */
export async function developOnSample(context: DomainContext, work: RunWork): Promise<RunResult> {
  const { run, admitted } = work;
  const { grant } = admitted.held;
  const manifest = run.manifest;
  if (manifest === undefined)
    throw new RunRefused({ code: "ERR_JOB_BUNDLE", details: { reason: "no manifest" }, refusedBy: "domain" });
  const resource = context.data.describe(grant.body.resource);
  const cuts = sampleCuts(context, admitted.held);
  context.cuts.check(cuts);
  const input = await sampleInput(context, { held: admitted.held, manifest }, work.signal);
  const { sample } = input;
  context.cuts.put(cuts);
  const guarded = await runGuarded(context, work, input);
  const metrics: Record<string, Metrics> = {};
  let model: LinearModel | undefined;
  for (const [name, value] of Object.entries(guarded.output.values)) {
    if (value.kind === "metrics") metrics[name] = value;
    if (value.kind === "linear-model") model = value;
  }
  if (model !== undefined) context.work.putModel(await documentHash(model), model);
  context.register.put({
    ...registered(work),
    kind: "development",
    snapshot: resource.snapshot,
    at: context.clock.now().toISOString(),
    shown: null,
  });
  const kept = await issueReceipt(context, admitted, {
    frame: canonicalBytes(guarded.report),
    amount: 1n,
    snapshot: resource.snapshot,
    certificate: sample.certificate,
    layers: guarded.layers,
  });
  return {
    // What the receipt is over: that of the first time, when a run that was cut off is made again.
    certificate: kept.certificate ?? sample.certificate,
    guardReport: keptReport(kept) ?? guarded.report,
    metrics,
    ...(model === undefined ? {} : { model }),
    receipt: await prove(context, kept),
  };
}

/** How the sample of a grant is cut: of all granted columns. */
export function sampleCuts(context: Pick<DomainContext, "data">, { grant, policy }: HeldGrant): CutRequest {
  const { resource, fields, key } = grant.body;
  return { policy, resource: context.data.describe(resource), fields: fields.map(({ name }) => name), subject: key };
}

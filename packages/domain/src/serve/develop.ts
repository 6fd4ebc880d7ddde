/** A developer's run: a sample that passed the desensitisation gate, the bundle, the guard.
 *  @module */
import { releasedBits } from "@sluice/desensitize";
import { canonicalBytes, documentHash, isModel, type ReleasedModel, type Metrics } from "@sluice/protocol";
import type { DomainContext } from "./context.ts";
import { recordRun, registered, runGuarded, type RunWork } from "./guarded-run.ts";
import { issueReceipt, keptReport, prove } from "./receipts.ts";
import { type RunResult, RunRefused } from "./run-refused.ts";
import { writeShown } from "../register/shown-files.ts";
import { developInput } from "./run-inputs.ts";
import { drawShown } from "./shown-sample.ts";

/** Runs the bundle's `develop` on the grant's sample. @throws RunRefused, ERR_SAMPLE_K, ERR_SAMPLE_GATE, ERR_POLICY */
export async function developOnSample(context: DomainContext, work: RunWork): Promise<RunResult> {
  const { run, admitted } = work;
  const { grant } = admitted.held;
  const manifest = run.manifest;
  if (manifest === undefined)
    throw new RunRefused({ code: "ERR_JOB_BUNDLE", details: { reason: "no manifest" }, refusedBy: "domain" });
  const resource = context.data.describe(grant.body.resource);
  const sample = await drawShown(context, admitted.held, work.signal);
  recordRun(context, run, resource.snapshot);
  const { callId } = run;
  const input = await developInput(context, { callId, held: admitted.held, manifest }, sample, work.signal);
  const guarded = await runGuarded(context, work, input);
  const metrics: Record<string, Metrics> = {};
  let model: ReleasedModel | undefined;
  for (const [name, value] of Object.entries(guarded.output.values)) {
    if (value.kind === "metrics") metrics[name] = value;
    else if (isModel(value)) model = value;
  }
  const modelHash = model === undefined ? null : await documentHash(model);
  if (model !== undefined && modelHash !== null) context.work.putModel(modelHash, model);
  const { shown: sets } = guarded;
  const shown =
    sets === undefined
      ? null
      : await writeShown(context.files, { callId, shown: sets, random: context.random }, work.signal);
  context.register.put({
    ...registered(work),
    kind: "development",
    snapshot: resource.snapshot,
    at: context.clock.now().toISOString(),
    shown,
    model: modelHash,
    bits: releasedBits(manifest, "released"),
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
    durationSlotMs: guarded.durationSlotMs,
    metrics,
    ...(model === undefined ? {} : { model }),
    receipt: await prove(context, kept),
  };
}

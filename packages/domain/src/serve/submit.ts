/** Submission of runs: a developer's bundle on a sample, or a released bundle on every row. What can be
 *  decided without data is decided before the answer; the run itself goes on behind it.
 *  @module */
import { viewColumns } from "@sluice/desensitize";
import { quotaOf } from "@sluice/evidence";
import {
  FORM_OPERATIONS,
  formOf,
  isProducedKind,
  MAX_BUNDLE_BYTES,
  paramValues,
  OPERATION_UNITS,
  sha256Hex,
  SluiceError,
  type CallEnvelope,
  type DescribedBundle,
  type JobManifest,
  type ParamValues,
  type Run,
  type UseRequest,
} from "@sluice/protocol";
import { admit, decide, spend, type Admitted } from "./admit.ts";
import type { DomainContext } from "./context.ts";
import { checkJoin } from "./joined-sets.ts";
import { MILLIBITS, OUTCOME_BITS, outcomeCost } from "./outcome-cost.ts";
import { refusePoorQuality } from "./quality-gate.ts";

/** Takes a developer's bundle. Returns its run, new or retried. @throws the coded refusal */
export async function submitJob(context: DomainContext, envelope: CallEnvelope): Promise<Run> {
  const admitted = await admitFor(context, envelope, "develop");
  const { request, frame } = admitted;
  if (frame.length > MAX_BUNDLE_BYTES) {
    throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes: frame.length, maxBytes: MAX_BUNDLE_BYTES });
  }
  if ((await sha256Hex(frame)) !== request.bundle) throw new SluiceError("ERR_BUNDLE_CHANGED");
  // No code runs under a grant that has ended, and known code is not run again to read its manifest.
  decide(context, admitted, null);
  const { manifest } = context.work.bundle(request.bundle) ?? (await describeOnce(context, admitted));
  await decideJob(context, admitted, manifest);
  context.work.putBundle(request.bundle, frame, manifest);
  const params = paramValues(manifest.params, request.params);
  return startOnce(context, admitted, "develop", { manifest, params });
}

/** Takes an operator's order to build a released product. @throws the coded refusal */
export async function submitBuild(context: DomainContext, envelope: CallEnvelope): Promise<Run> {
  const admitted = await admitFor(context, envelope, "build");
  const { request, held } = admitted;
  refuseParams(request);
  const release = context.documents.release(request.product, request.version);
  if (release === null || release.release.body.grant !== held.hash) {
    throw new SluiceError("ERR_RELEASE_MISSING", { product: request.product, version: request.version });
  }
  if (release.release.body.bundle !== request.bundle) throw new SluiceError("ERR_BUNDLE_CHANGED");
  const bundle = context.work.bundle(request.bundle);
  if (bundle === null) throw new SluiceError("ERR_NOT_FOUND", { kind: "bundle", name: request.bundle });
  if (formOf(bundle.manifest) === null) {
    throw new SluiceError("ERR_JOB_MANIFEST", { pointer: "/outputs", expected: "an output that is served" });
  }
  await decideJob(context, admitted, bundle.manifest);
  refusePoorQuality(context, held.grant.body.resource);
  const params = paramValues(bundle.manifest.params, release.release.body.params);
  return startOnce(context, admitted, "build", { manifest: bundle.manifest, params });
}

/** Only a development run is given params. @throws ERR_JOB_PARAM */
function refuseParams({ params = {} }: UseRequest): void {
  const [param] = Object.keys(params);
  if (param !== undefined) throw new SluiceError("ERR_JOB_PARAM", { param, expected: "that of the release" });
}

/** Reads the manifest of a bundle that is new here. Its code runs for that, before the run is charged: so one signature
 *  is good for it once, and a quota that is spent for none. @throws ERR_QUOTA_SPENT, ERR_REPLAY, and what `describe` throws */
function describeOnce(context: DomainContext, { request, keyId, held, frame }: Admitted): Promise<DescribedBundle> {
  const quota = quotaOf(held.grant.body, "develop");
  if (context.uses.used(held.hash, "develop") >= quota) {
    const details = { operation: "develop", amount: String(quota), unit: OPERATION_UNITS.develop };
    throw new SluiceError("ERR_QUOTA_SPENT", details);
  }
  // Beside the nonce of the spend, which is taken together with the quota.
  const isNew = context.uses.takeNonce(`${keyId} describe`, request.nonce, new Date(request.expiresAt));
  if (!isNew) throw new SluiceError("ERR_REPLAY");
  return context.runner.describing(held.hash, () => context.workshop.describe(frame));
}

async function admitFor(
  context: DomainContext,
  envelope: CallEnvelope,
  operation: "develop" | "build",
): Promise<Admitted> {
  if (envelope.request.body.operation !== operation) {
    throw new SluiceError("ERR_GRANT_OPERATION", { operation: envelope.request.body.operation });
  }
  return admit(context, envelope);
}

/** The grant must name every column the job reads and every operation by which its product is asked; the policy must
 *  give each column the type the job declares. */
async function decideJob(context: DomainContext, admitted: Admitted, manifest: JobManifest): Promise<void> {
  const { grant, policy } = admitted.held;
  decide(context, admitted, { fields: Object.keys(manifest.input), purpose: manifest.purpose });
  const form = formOf(manifest);
  for (const operation of form === null ? [] : FORM_OPERATIONS[form]) {
    if (!grant.body.operations.includes(operation)) throw new SluiceError("ERR_GRANT_OPERATION", { operation });
  }
  checkJoin(manifest, { grant: grant.body, resource: context.data.describe(grant.body.resource) });
  const columns = viewColumns(policy, context.data.describe(grant.body.resource));
  for (const [name, type] of Object.entries(manifest.input)) {
    const shown = columns[name];
    if (shown === undefined) throw new SluiceError("ERR_GRANT_FIELD", { field: name });
    if (shown !== type) throw new SluiceError("ERR_JOB_MANIFEST", { pointer: `/input/${name}`, expected: shown });
  }
}

/** Takes what the run's end may tell from what runs under its grant may, when it runs code on rows of persons. The refusal is the
 *  same whatever the runs before came to. @throws ERR_OUTCOME_BUDGET */
function reserveOutcome(
  context: DomainContext,
  { request, held }: Admitted,
  { manifest, now }: { readonly manifest: JobManifest; readonly now: Date },
): void {
  const operation = request.operation === "build" ? "build" : "develop";
  const runsCode = operation === "develop" || Object.values(manifest.outputs).some(({ kind }) => isProducedKind(kind));
  if (!runsCode) return;
  const run = { callId: request.callId, grant: held.hash, resource: held.grant.body.resource, operation } as const;
  const usual = OUTCOME_BITS[operation] * MILLIBITS;
  const reserved = context.outcomes.reserve({ ...run, ...outcomeCost(manifest, operation) }, usual, now.toISOString());
  if (!reserved) throw new SluiceError("ERR_OUTCOME_BUDGET");
}

/** Spends and starts; a retry gets the run that its first attempt started. */
async function startOnce(
  context: DomainContext,
  admitted: Admitted,
  operation: "develop" | "build",
  { manifest, params }: { readonly manifest: JobManifest; readonly params: ParamValues },
): Promise<Run> {
  const { request } = admitted;
  let holds = false;
  try {
    const charged = await spend(context, admitted, 1n, (now) => {
      // Before anything is spent for it: a run that finds no place costs nothing.
      context.runner.hold(request.callId);
      holds = true;
      reserveOutcome(context, admitted, { manifest, now });
    });
    return startCharged(context, admitted, { operation, manifest, params, charged });
  } finally {
    if (holds) context.runner.release(request.callId);
  }
}

/** Starts a charged run. @throws ERR_POOL_FULL for a retry of one that was charged and not kept */
function startCharged(
  context: DomainContext,
  { request, held, ...others }: Admitted,
  {
    operation,
    manifest,
    params,
    charged,
  }: {
    readonly operation: "develop" | "build";
    readonly manifest: JobManifest;
    readonly params: ParamValues;
    readonly charged: "spent" | "already";
  },
): Run {
  const before = charged === "already" ? context.work.run(request.callId) : null;
  if (before !== null) return before;
  const run: Run = {
    callId: request.callId,
    operation,
    product: request.product,
    version: request.version,
    grant: held.hash,
    bundle: request.bundle,
    state: "submitted",
    percent: 0,
    log: [],
    ...(Object.keys(params).length === 0 ? {} : { params }),
    manifest,
  };
  context.runner.start(run, { request, held, ...others });
  return run;
}

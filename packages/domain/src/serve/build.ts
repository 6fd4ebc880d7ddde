/** A build: what a released bundle serves, made into a product. Labels, sets, tables and models that stay come from its `produce` on every
 *  row of the source table, under the same policy as the sample and through the guard; scores come from the released
 *  model, values to be summed, noisy tables, data sets and sums of groups from their declaration, and no user code runs. What is made stays in the domain.
 *  @module */
import { GUARD_RULES, releasedBits } from "@sluice/desensitize";
import {
  canonicalBytes,
  documentHash,
  formOf,
  type CheckedOutput,
  type GuardReport,
  type JobManifest,
  type ReleasedModel,
  type NoisyTableSpec,
  type OutputSpec,
  type Release,
  type Sha256Hex,
} from "@sluice/protocol";
import type { KeyColumn } from "../data/key-column.ts";
import type { KeyedTable } from "../data/sample.ts";
import { modelPopulation } from "../register/model-population.ts";
import { writeShown } from "../register/shown-files.ts";
import { keepMembership } from "../subjects/keep-membership.ts";
import type { DomainContext } from "./context.ts";
import { logEvent } from "./events.ts";
import type { ServedContent } from "./forms/product-form.ts";
import { datasetContent } from "./dataset-content.ts";
import { grantedView } from "./granted-view.ts";
import { recordRun, registered, runGuarded, type RunWork } from "./guarded-run.ts";
import { answerPrivately } from "./private-answers.ts";
import { selectionContent } from "./selection-content.ts";
import { tellProgress } from "./build-progress.ts";
import { refusePoorQuality } from "./quality-gate.ts";
import { networkSalt } from "./network-salt.ts";
import { putInService } from "./put-in-service.ts";
import { stopReplaced } from "./stops.ts";
import { issueReceipt, prove } from "./receipts.ts";
import { tableInput } from "./run-inputs.ts";
import { typedContent } from "./joined-sets.ts";
import { RunRefused, type RunResult } from "./run-refused.ts";
import { sumContent } from "./sum-content.ts";
import { servingOrNothing, type WrittenFiles } from "./unserved.ts";

const NOISY_NOTE = "every declared cell is shown, with exact noise over bounded contributions of each person";

/** What a bundle serves, and how it came about. */
export interface Made {
  readonly content: ServedContent;
  readonly report: GuardReport;
  /** None when no user code ran. */
  readonly layers: string[];
  /** Keys of the rows that were read; none when the product is made without rows. */
  readonly keys?: KeyColumn;
  /** Micro-rho that was spent for it, when no receipt has named that yet. */
  readonly privacyCost?: string;
  /** Snapshot of the source table; none when the product is made without rows. */
  readonly sourceSnapshot?: Sha256Hex;
  /** Whom a table shows, or a model was fitted on. */
  readonly shown?: Uint32Array | undefined;
  /** Of user code, when it ran. */
  readonly durationSlotMs?: number;
  readonly model?: Sha256Hex;
}

/** A released bundle. `model` is what its development run released. */
interface Released {
  readonly code: Uint8Array;
  readonly manifest: JobManifest;
  readonly release: Release;
  readonly model: ReleasedModel | undefined;
}

/** Builds the product of a run and serves it from then on. @throws RunRefused, ERR_QUALITY, ERR_QUALITY_UNMEASURED, and what the form's build throws */
export async function buildProduct(context: DomainContext, work: RunWork): Promise<RunResult> {
  const { run, admitted, signal } = work;
  // It may have waited long, and data grow old.
  refusePoorQuality(context, admitted.held.grant.body.resource);
  const { hash, released } = releasedBundle(context, work);
  const form = formOf(released.manifest);
  if (form === null) {
    const details = { pointer: "/outputs", expected: "an output that is served" };
    throw new RunRefused({ code: "ERR_JOB_MANIFEST", details, refusedBy: "domain" });
  }
  const {
    content,
    report,
    layers,
    keys,
    privacyCost,
    sourceSnapshot,
    shown: sets,
    durationSlotMs,
    model = null,
  } = await made(context, work, released);
  const onProgress = tellProgress(work.onEvent);
  const source = { run, held: admitted.held, release: hash, content, layers, onProgress };
  const product = await context.formOf(form).build(source, signal);
  const written: WrittenFiles = { product };
  const { event, replaced } = await servingOrNothing(context, written, async () => {
    const built = { run, held: admitted.held, form, snapshot: product.snapshotHash };
    const membership = keys === undefined ? null : await keepMembership(context, { ...built, keys }, signal);
    if (membership !== null) written.membership = membership.name;
    const shown =
      sets === undefined
        ? null
        : await writeShown(context.files, { callId: run.callId, shown: sets, random: context.random }, signal);
    signal.throwIfAborted();
    const snapshot = sourceSnapshot ?? context.data.describe(admitted.held.grant.body.resource).snapshot;
    const at = context.clock.now().toISOString();
    const bits = releasedBits(released.manifest, "served");
    const served = context.db.transaction(() => {
      const replaced = putInService(context, product, null);
      if (membership !== null) context.memberships.begin({ ...membership, from: at }, replaced.graceUntil);
      context.register.put({ ...registered(work), kind: form, snapshot, at, shown, model, bits });
      const event = context.events.put({ kind: "product-built", subject: product.snapshotHash }, context.clock.now());
      return { event, replaced };
    });
    stopReplaced(context, product);
    return served;
  });
  await logEvent(context, event);
  for (const { folder, snapshotHash } of replaced.folders) await context.indexes.replace(folder, snapshotHash);
  const kept = await issueReceipt(context, admitted, {
    frame: canonicalBytes(report),
    amount: 1n,
    snapshot: product.snapshotHash,
    release: hash,
    layers,
    ...(privacyCost === undefined ? {} : { privacyCost }),
  });
  const slot = durationSlotMs === undefined ? {} : { durationSlotMs };
  return { guardReport: report, ...slot, snapshot: product.snapshotHash, receipt: await prove(context, kept) };
}

/** What the bundle serves, in the way of its form. @throws RunRefused */
function made(context: DomainContext, work: RunWork, released: Released): Promise<Made> {
  const { outputs } = released.manifest;
  const { bundle } = released.release;
  for (const [name, spec] of Object.entries(outputs)) {
    if (spec.kind === "noisy-table") return noisyContent(context, work, { name, spec, bundle });
    if (spec.kind === "dataset") return datasetContent(context, work, { name, spec, bundle });
    if (spec.kind === "hidden-selection") return selectionContent(context, work, { name, spec, bundle });
    if (spec.kind === "sum") return sumContent(context, work, { name, spec, manifest: released.manifest, bundle });
  }
  return Object.values(outputs).some(({ kind }) => kind === "score")
    ? scoreModel(context, work, released)
    : produceContent(context, work, released);
}

function releasedBundle(context: DomainContext, { run }: RunWork): { hash: Sha256Hex; released: Released } {
  const bundle = context.work.bundle(run.bundle);
  const release = context.documents.release(run.product, run.version);
  const named = release?.release.body.model;
  const model = named === undefined ? undefined : context.work.model(named);
  if (bundle === null || release === null || model === null) {
    const details = { product: run.product, version: run.version };
    throw new RunRefused({ code: "ERR_RELEASE_MISSING", details, refusedBy: "domain" });
  }
  return { hash: release.hash, released: { ...bundle, release: release.release.body, model } };
}

/** Runs the bundle's `produce` on every row. @throws RunRefused */
async function produceContent(
  context: DomainContext,
  work: RunWork,
  { code, manifest, model }: Released,
): Promise<Made> {
  const { admitted, signal } = work;
  const run = { callId: work.run.callId, held: admitted.held, manifest, model };
  const { input, rows } = await tableInput(context, run, signal);
  recordRun(context, work.run, rows.snapshot);
  const { output, report, layers, shown, durationSlotMs } = await runGuarded(
    context,
    { ...work, admitted: { ...admitted, frame: code } },
    input,
  );
  const served = contentOf(output, manifest, rows, networkSalt(context.keyring, work.run));
  const content = await typedContent(context, run, { rows, subjects: input.subjects }, served, signal);
  return { content, report, layers, keys: rows.keys, sourceSnapshot: rows.snapshot, shown, durationSlotMs };
}

function contentOf(
  output: CheckedOutput,
  manifest: JobManifest,
  { keys, snapshot }: KeyedTable,
  salt: Sha256Hex,
): ServedContent {
  for (const [name, value] of Object.entries(output.values)) {
    const spec: OutputSpec | undefined = manifest.outputs[name];
    if (value.kind === "labels" && spec?.kind === "labels") {
      return { kind: "labels", vocabulary: spec.vocabulary, codes: value.codes, keys };
    }
    if (value.kind === "set" && spec?.kind === "set") {
      const { match, privacy } = spec;
      return {
        kind: "set",
        match,
        ...(privacy === undefined ? {} : { privacy }),
        sides: spec.sides ?? "unequal",
        members: value.members,
        keys,
      };
    }
    if (value.kind === "square-network" && spec?.kind === "square-network") {
      const { link, resolution } = spec;
      return { kind: "square-network", network: { ...value, salt }, link, resolution };
    }
    if (value.kind === "table" && spec?.kind === "table")
      return { kind: "table", name, table: value, source: snapshot };
  }
  const details = { output: "all", rule: "served-missing", change: "return the output that is served" };
  throw new RunRefused({ code: "ERR_GUARD_OUTPUT", details, refusedBy: "guard" });
}

/** Makes a noisy table from its declaration: the domain reads the rows, and no user code runs. */
async function noisyContent(
  context: DomainContext,
  { run, admitted, signal }: RunWork,
  { name, spec, bundle }: { readonly name: string; readonly spec: NoisyTableSpec; readonly bundle: Sha256Hex },
): Promise<Made> {
  const view = grantedView(context, admitted.held, signal);
  const { answer, question, snapshot, keys } = await answerPrivately(context, view, spec);
  const hasReceipt = (callId: string): boolean => context.answers.get(callId) !== null;
  const report: GuardReport = {
    bundle,
    class: "served",
    verdict: "release",
    findings: [{ output: name, rule: "noisy-table", result: "passed", note: NOISY_NOTE }],
    output: await documentHash(answer),
    at: context.clock.now().toISOString(),
  };
  const content = { kind: "table", name, table: answer, source: snapshot } as const;
  return {
    content,
    report,
    layers: [],
    keys,
    sourceSnapshot: snapshot,
    ...(context.privacy.namesCost(view.resource, question, run.callId, hasReceipt) ? { privacyCost: answer.cost } : {}),
  };
}

/** Takes the released model as what is served. @throws RunRefused when it is not the one that the release names */
async function scoreModel(
  context: DomainContext,
  work: RunWork,
  { manifest, release, model }: Released,
): Promise<Made> {
  const [name, spec] = Object.entries(manifest.outputs).find(([, { kind }]) => kind === "score") ?? [];
  const modelHash = model === undefined ? undefined : await documentHash(model);
  if (
    name === undefined ||
    spec?.kind !== "score" ||
    model?.kind !== "linear-model" ||
    modelHash === undefined ||
    modelHash !== release.model
  ) {
    const details = { product: release.product, version: release.version };
    throw new RunRefused({ code: "ERR_RELEASE_MISSING", details, refusedBy: "domain" });
  }
  const { featureBound, link } = spec;
  const population = await modelPopulation(context, { ...registered(work), modelHash }, work.signal);
  const differencing = { output: name, rule: "model-differencing", note: GUARD_RULES["model-differencing"] } as const;
  if (population?.isFar === false) {
    const details = { output: name, rule: differencing.rule, change: differencing.note };
    throw new RunRefused({ code: "ERR_GUARD_OUTPUT", details, refusedBy: "guard" });
  }
  const report: GuardReport = {
    bundle: release.bundle,
    class: "served",
    verdict: "release",
    findings: [
      { output: name, rule: "score-model", result: "passed", note: "the model is the one that was released" },
      ...(population === null ? [] : [{ ...differencing, result: "passed" as const }]),
    ],
    output: modelHash,
    at: context.clock.now().toISOString(),
  };
  const content = { kind: "score", featureBound, link, model, modelHash } as const;
  return { content, report, layers: [], shown: population?.set, model: modelHash };
}

/** A build: the released bundle on every row of the source table, under the same policy as the sample, and
 *  the lookup index made of its labels. The index stays in the domain.
 *  @module */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { signDocument } from "@sluice/evidence";
import { lookupContext, packTable, type BuildResult, type BuildTask } from "@sluice/mpc/lookup/server";
import {
  canonicalBytes,
  documentHash,
  encodeLabelRecord,
  toHex,
  type Bytes,
  type Labels,
  type LookupSnapshot,
} from "@sluice/protocol";
import type { DomainContext } from "./context.ts";
import { projectTable, runGuarded, type GuardedOutput, type RunWork } from "./guarded-run.ts";
import { FIRST_EPOCH, oprfInfo, oprfSeed } from "./lookup-keys.ts";
import { issueReceipt, prove } from "./receipts.ts";
import { RunRefused, type RunResult } from "./run-refused.ts";

/** Runs the bundle's `produce` on every row and builds the product's index. @throws RunRefused */
export async function buildProduct(context: DomainContext, work: RunWork): Promise<RunResult> {
  const { run, admitted } = work;
  const { grant, policy } = admitted.held;
  const bundle = context.work.bundle(run.bundle);
  const release = context.documents.release(run.product, run.version);
  const model = release === null ? null : context.work.model(release.release.body.model);
  if (bundle === null || release === null || model === null) {
    const details = { product: run.product, version: run.version };
    throw new RunRefused({ code: "ERR_RELEASE_MISSING", details, refusedBy: "domain" });
  }
  const { keys, table } = await context.data.readAll({
    resource: grant.body.resource,
    policy,
    key: grant.body.key,
    fields: grant.body.fields.map((field) => field.name),
    tokenKey: context.keyring.derive("token", grant.body.scene.scene),
    signal: work.signal,
  });
  const guarded = await runGuarded(
    context,
    { ...work, admitted: { ...admitted, frame: bundle.code } },
    { entry: "produce", manifest: bundle.manifest, table: projectTable(table, bundle.manifest), model },
  );
  const { codes, vocabulary } = servedLabels(guarded, run.manifest?.outputs ?? {});
  const { name, built } = await buildIndex(context, work, keys, Array.from(codes, encodeLabelRecord));
  const body: LookupSnapshot = {
    type: "snapshot",
    domain: context.config.domain,
    product: run.product,
    version: run.version,
    grant: run.grant,
    bundle: run.bundle,
    release: release.hash,
    parameters: built.parameters,
    oprfPublicKey: built.oprfPublicKey,
    epoch: FIRST_EPOCH,
    sealKey: context.sealKeys.sealKey,
    hint: built.hintHash,
    hintBytes: built.hintBytes,
    vocabulary,
    at: context.clock.now().toISOString(),
  };
  const snapshot = await signDocument(body, context.keyring.receiptKey);
  const snapshotHash = await documentHash(body);
  context.work.putProduct({
    product: run.product,
    version: run.version,
    snapshotHash,
    snapshot,
    index: name,
    layers: guarded.layers,
  });
  const kept = await issueReceipt(context, admitted, {
    frame: canonicalBytes(guarded.report),
    amount: 1n,
    snapshot: snapshotHash,
    release: release.hash,
    layers: guarded.layers,
  });
  return { guardReport: guarded.report, snapshot: snapshotHash, receipt: await prove(context, kept) };
}

function servedLabels(
  guarded: GuardedOutput,
  outputs: Record<string, unknown>,
): { codes: Uint8Array; vocabulary: string[] } {
  for (const [name, value] of Object.entries(guarded.output.values)) {
    const spec = outputs[name];
    if (value.kind === "labels" && isLabelSpec(spec)) return { codes: labelCodes(value), vocabulary: spec.vocabulary };
  }
  throw new RunRefused({
    code: "ERR_GUARD_OUTPUT",
    details: { output: "labels", rule: "labels-missing", change: "declare a labels output" },
    refusedBy: "guard",
  });
}

const labelCodes = (labels: Labels): Uint8Array => labels.codes;

function isLabelSpec(spec: unknown): spec is { kind: "labels"; vocabulary: string[] } {
  return typeof spec === "object" && spec !== null && "kind" in spec && spec.kind === "labels";
}

/** Folder of the indexes below a domain's directory. */
const INDEXES = "indexes";

/** Where the index named `name` lies: the state keeps names, so that a directory can be moved. */
export function indexDirectory(context: DomainContext, name: string): string {
  return join(context.directory, INDEXES, name);
}

/** Removes what builds left that were cut off, and indexes that a later build replaced. */
export async function sweepIndexes(context: DomainContext): Promise<void> {
  const parent = join(context.directory, INDEXES);
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const served = new Set(context.work.servedIndexes());
  for (const name of await readdir(parent)) {
    if (!served.has(name)) await rm(join(parent, name), { recursive: true, force: true });
  }
}

async function buildIndex(
  context: DomainContext,
  { run, admitted, signal }: RunWork,
  keys: string[],
  records: Bytes[],
): Promise<{ name: string; built: BuildResult }> {
  const parent = join(context.directory, INDEXES);
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const { product, version, grant } = run;
  // A run that was cut off is built again beside what it left.
  const name = `${run.callId}-${toHex(context.random.bytes(4))}`;
  const table = packTable(keys, records);
  const task: BuildTask = {
    directory: indexDirectory(context, name),
    table,
    seed: oprfSeed(context),
    info: oprfInfo(admitted.held, product, FIRST_EPOCH),
    context: lookupContext({ domain: context.config.domain, product, version, grant, epoch: FIRST_EPOCH }),
  };
  const transfer = [table.keys.buffer, table.records.buffer].filter((buffer) => buffer instanceof ArrayBuffer);
  return { name, built: await context.pool.run<BuildResult>("lookup.build", task, { signal, transfer }) };
}

/** Inspection of a run (模型查验): the agency, or who acts for it, makes a run again on the domain's own machine, with the bundle,
 *  the rows and the guard that it was made with, and sees whether the report comes out the same. Nothing is kept, charged or
 *  shown to anybody else, and no row leaves: only rules, results, and hashes.
 *  @module */
import type { KeyAccess } from "@sluice/evidence";
import { channelBits, type OutputChannel } from "@sluice/desensitize";
import { documentHash, Random128, SluiceError } from "@sluice/protocol";
import type { Clock, GuardReport, JobManifest, Random, Run, Sha256Hex } from "@sluice/protocol";
import { runGuarded, type RunInput } from "./serve/guarded-run.ts";
import { grantedCuts } from "./serve/granted-view.ts";
import { sampleInput, tableInput, type InputContext } from "./serve/run-inputs.ts";
import { RunRefused } from "./serve/run-refused.ts";
import { CutStore } from "./state/cuts.ts";
import type { StateDatabase } from "./state/database.ts";
import { DocumentStore, type HeldGrant } from "./state/documents.ts";
import { OutputRegister } from "./state/output-register.ts";
import { WorkStore } from "./state/work.ts";
import { openStopped } from "./stopped-domain.ts";
import { createWorkshop } from "./work/workshop.ts";

/** Rules of builds in which no user code runs. */
const WITHOUT_CODE: ReadonlySet<string> = new Set(["score-model", "noisy-table", "certified-sample"]);

/** What the guard says of a run: everything of its report but the time. */
export type TimelessReport = Omit<GuardReport, "at">;

/** A run that was made again. */
export interface Inspection {
  readonly run: string;
  readonly operation: Run["operation"];
  readonly product: string;
  readonly version: number;
  readonly bundle: Sha256Hex;
  /** Whether the report of then and of now are the same, with the hash of the output. */
  readonly same: boolean;
  /** Whether the source table is the one that the run read; null when that is not known of it. */
  readonly sameSource: boolean | null;
  readonly recorded: TimelessReport;
  readonly again: TimelessReport;
  /** Hash of the canonical JSON of each. */
  readonly recordedHash: Sha256Hex;
  readonly againHash: Sha256Hex;
  /** What the bundle could write into its outputs at most. */
  readonly channel: readonly OutputChannel[];
}

/** How to inspect. */
export interface InspectOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly memoryDirectory?: string | undefined;
  readonly keys?: KeyAccess | undefined;
  readonly signal: AbortSignal;
}

/** Makes the run `callId` of the domain in `directory`, which does not run, again.
 *  @throws ERR_NOT_FOUND; ERR_STATE when the guard has not judged it, or no user code ran; ERR_DIRECTORY_STATE, ERR_DIRECTORY_LOCKED,
 *    ERR_KEY, ERR_MEMORY_FILES, ERR_SEALED_FILE, and what stops a run before the guard */
export async function inspectRun(directory: string, callId: string, options: InspectOptions): Promise<Inspection> {
  const { clock, signal } = options;
  await using opened = await openStopped(directory, { ...options, readOnly: true });
  const { store: data, db, keyring, files, config } = opened;
  const run = Random128.safeParse(callId).success ? new WorkStore(db).run(callId) : null;
  const held = run === null ? null : new DocumentStore(db).grant(run.grant);
  if (run === null || held === null) throw new SluiceError("ERR_NOT_FOUND", { kind: "run", name: callId.slice(0, 64) });
  const { guardReport } = run;
  if (guardReport === undefined || guardReport.findings.some(({ rule }) => WITHOUT_CODE.has(rule))) {
    throw new SluiceError("ERR_STATE", { kind: "run", name: callId, state: run.state, needed: "judged by the guard" });
  }
  await using working = new AsyncDisposableStack();
  const workshop = createWorkshop();
  working.defer(() => workshop.close());
  const register = new OutputRegister(db);

  const { code, manifest } = bundleOf(db, run);
  const input = await inputOf(
    { data, files, keyring, register },
    db,
    { run, held, manifest, until: guardReport.at },
    signal,
  );
  const work = { run, admitted: { held, frame: code }, signal, onEvent: () => {} };
  const report = await runGuarded({ workshop, clock, config, pause: () => Promise.resolve() }, work, input).then(
    (outcome) => outcome.report,
    (error: unknown) => {
      if (error instanceof RunRefused && error.result.guardReport !== undefined) return error.result.guardReport;
      if (error instanceof RunRefused) throw new SluiceError("ERR_JOB_CRASHED", {});
      throw error;
    },
  );
  const [recorded, again] = [timeless(guardReport), timeless(report)];
  const [recordedHash, againHash] = [await documentHash(recorded), await documentHash(again)];
  const known = register.ofRun(callId)?.snapshot;
  const { operation, product, version, bundle } = run;
  return {
    run: callId,
    operation,
    product,
    version,
    bundle,
    same: recordedHash === againHash,
    sameSource: known === undefined ? null : known === data.describe(held.grant.body.resource).snapshot,
    recorded,
    again,
    recordedHash,
    againHash,
    channel: channelBits(manifest),
  };
}

function bundleOf(db: StateDatabase, run: Run): { code: Uint8Array; manifest: JobManifest } {
  const bundle = new WorkStore(db).bundle(run.bundle);
  if (bundle !== null) return bundle;
  throw new SluiceError("ERR_NOT_FOUND", { kind: "bundle", name: run.bundle });
}

/** The rows of the run, as it got them. */
async function inputOf(
  context: InputContext,
  db: StateDatabase,
  { run, held, manifest, until }: { run: Run; held: HeldGrant; manifest: JobManifest; until: string },
  signal: AbortSignal,
): Promise<RunInput> {
  if (run.operation === "develop") {
    const cuts = grantedCuts(held, context.data.describe(held.grant.body.resource));
    const counted = new CutStore(db).counted(cuts);
    return sampleInput(context, { callId: run.callId, held, manifest, counted, until }, signal);
  }
  const named = new DocumentStore(db).release(run.product, run.version)?.release.body.model;
  const model = named === undefined ? undefined : (new WorkStore(db).model(named) ?? undefined);
  return (await tableInput(context, { callId: run.callId, held, manifest, model, until }, signal)).input;
}

function timeless({ bundle, params, class: kind, verdict, findings, output }: GuardReport): TimelessReport {
  const given = params === undefined ? {} : { params };
  return { bundle, ...given, class: kind, verdict, findings, ...(output === undefined ? {} : { output }) };
}

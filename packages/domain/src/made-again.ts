/** A run made again on the machine of its domain, with the bundle, the rows, the seed and the guard that it was made with. Nothing is
 *  kept, charged or shown to anybody else.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import type { Clock, ErrorCode, GuardReport, JobManifest, Run } from "@sluice/protocol";
import { jobSeed, runGuarded, type GuardedWork, type RunInput } from "./serve/guarded-run.ts";
import { grantedCuts } from "./serve/granted-view.ts";
import { sampleInput, tableInput, type InputContext } from "./serve/run-inputs.ts";
import { RunRefused } from "./serve/run-refused.ts";
import { AnswerStore } from "./state/answers.ts";
import { CutStore } from "./state/cuts.ts";
import type { StateDatabase } from "./state/database.ts";
import { DocumentStore, type HeldGrant } from "./state/documents.ts";
import { OutputRegister } from "./state/output-register.ts";
import { WorkStore } from "./state/work.ts";
import type { StoppedDomain } from "./stopped-domain.ts";
import { createWorkshop } from "./work/workshop.ts";

/** Rules of builds in which no user code runs. */
const WITHOUT_CODE: ReadonlySet<string> = new Set([
  "score-model",
  "noisy-table",
  "certified-sample",
  "hidden-selection",
  "sum-values",
]);

/** Failures that say something of this machine, and nothing of the run. */
const MACHINE_FAULTS: readonly ErrorCode[] = ["ERR_SANDBOX_LAYER_MISSING", "ERR_SANDBOX_START", "ERR_POOL_WORKER"];

/** Whether the domain made what a run reports without user code. */
export function ranNoCode({ findings }: Pick<GuardReport, "findings">): boolean {
  return findings.some(({ rule }) => WITHOUT_CODE.has(rule));
}

/** What the guard says of a run: everything of its report but the time. */
export type TimelessReport = Omit<GuardReport, "at">;

/** A report without its time. */
export function timeless({ at: _at, ...report }: GuardReport): TimelessReport {
  return report;
}

/** A run that the guard judged, with its grant. */
export interface JudgedRun {
  readonly run: Run;
  readonly held: HeldGrant;
  readonly guardReport: GuardReport;
  readonly seed?: number;
}

/** The report on `judged`, made again; null when its code now ends before the guard.
 *  @throws ERR_NOT_FOUND without its bundle, ERR_CANCELLED, ERR_SANDBOX_LAYER_MISSING when a layer of its receipt is not to be
 *    had here, ERR_SANDBOX_START, ERR_POOL_WORKER, and what stops a run before its code */
export async function reportAgain(
  opened: Pick<StoppedDomain, "store" | "db" | "keyring" | "files" | "config">,
  { run, held, guardReport, seed = jobSeed(run) }: JudgedRun,
  {
    clock,
    signal,
    searchPath,
    onEvidence,
  }: {
    readonly clock: Clock;
    readonly signal: AbortSignal;
    readonly searchPath?: string | undefined;
  } & Pick<GuardedWork, "onEvidence">,
): Promise<GuardReport | null> {
  const { store: data, db, keyring, files, config } = opened;
  const { code, manifest } = bundleOf(db, run);
  const register = new OutputRegister(db);
  const context = { data, files, keyring, register };
  const input = await inputOf(context, db, { run, held, manifest, until: guardReport.at }, signal);
  await using working = new AsyncDisposableStack();
  // Code meets the rows behind no fewer layers than when its receipt was written.
  const requireLayers = new AnswerStore(db).get(run.callId)?.receipt?.body.layers ?? [];
  const workshop = createWorkshop({ requireLayers, ...(searchPath === undefined ? {} : { searchPath }) });
  working.defer(() => workshop.close());
  const work = {
    run,
    seed,
    admitted: { held, frame: code },
    signal,
    onEvent: () => {},
    ...(onEvidence === undefined ? {} : { onEvidence }),
  };
  try {
    return (await runGuarded({ workshop, clock, config, keyring, pause: () => Promise.resolve() }, work, input)).report;
  } catch (error) {
    if (signal.aborted) throw new SluiceError("ERR_CANCELLED", {}, { cause: error });
    if (!(error instanceof RunRefused)) throw error;
    const { code, details } = error.failure as { code: ErrorCode; details?: Record<string, string | number> };
    if (MACHINE_FAULTS.includes(code)) throw new SluiceError(code, { ...details }, { cause: error });
    return error.result.guardReport ?? null;
  }
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

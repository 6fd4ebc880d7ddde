/** Replay of a run (复跑): whether the run behind a receipt, made again from its manifest, bundle, params, snapshot and seed on the
 *  same Node, ICU and kind of processor, comes to the report that the receipt is over. Samples are drawn with the seed that never
 *  leaves the domain; noise is not drawn again, since a second draw would tell more of the rows than was paid for.
 *  @module */
import { canonicalText, documentHash, isSluiceError, Random128 } from "@sluice/protocol";
import type { GuardReport, Run, Sha256Hex, SignedReceipt } from "@sluice/protocol";
import type { InspectOptions } from "./inspect.ts";
import { ranNoCode, reportAgain, timeless } from "./made-again.ts";
import { currentRuntime, type Runtime } from "./work/runtime.ts";
import { AnswerStore } from "./state/answers.ts";
import { DocumentStore } from "./state/documents.ts";
import { RunRecords } from "./state/run-records.ts";
import { WorkStore } from "./state/work.ts";
import { openStopped, type StoppedDomain } from "./stopped-domain.ts";

/** Why a run cannot be made again. */
export const REPLAY_REASONS = [
  /** The domain knows no run by this receipt, or keeps another receipt for it. */
  "unknown-run",
  "other-receipt",
  /** The guard never saw an output of it. */
  "not-judged",
  /** The domain made it from its declaration. */
  "no-user-code",
  /** So it did, with noise: the answer that it keeps is the only one. */
  "noise",
  /** It is of a time before records of runs were kept. */
  "not-recorded",
  "bundle-erased",
  "model-erased",
  /** The table was imported again, or is gone. */
  "source-changed",
  /** This machine would compute with another engine. */
  "other-node",
  "other-icu",
  "other-cpu",
  /** An isolation layer of then is not to be had here. */
  "layer-missing",
  /** The sandbox failed here: it says nothing of the run. */
  "sandbox-failed",
] as const;
export type ReplayReason = (typeof REPLAY_REASONS)[number];

/** What came of it. */
export type Replay =
  | { readonly verdict: "cannot"; readonly run: string; readonly reason: ReplayReason }
  | {
      readonly verdict: "match" | "mismatch";
      readonly run: string;
      /** Hash of the report without its time, of then and of now; null when the run now ends before the guard. */
      readonly recorded: Sha256Hex;
      readonly again: Sha256Hex | null;
      readonly runtime: Runtime;
    };

/** Makes the run of `receipt`, a signed receipt or the id of its call, again in the domain in `directory`, which does not run.
 *  @throws ERR_DIRECTORY_STATE, ERR_DIRECTORY_LOCKED, ERR_KEY, ERR_MEMORY_FILES, ERR_SEALED_FILE, ERR_CANCELLED */
export async function replayRun(
  directory: string,
  receipt: SignedReceipt | string,
  options: InspectOptions,
): Promise<Replay> {
  await using opened = await openStopped(directory, { ...options, readOnly: true });
  const callId = typeof receipt === "string" ? receipt : receipt.body.callId;
  const cannot = (reason: ReplayReason): Replay => ({ verdict: "cannot", run: callId.slice(0, 64), reason });
  const { db } = opened;
  const run = Random128.safeParse(callId).success ? new WorkStore(db).run(callId) : null;
  const held = run === null ? null : new DocumentStore(db).grant(run.grant);
  if (run === null || held === null) return cannot("unknown-run");
  const kept = new AnswerStore(db).get(callId)?.receipt ?? null;
  if (typeof receipt !== "string" && (kept === null || canonicalText(kept) !== canonicalText(receipt)))
    return cannot("other-receipt");
  const { guardReport } = run;
  if (guardReport === undefined) return cannot("not-judged");
  const reason = obstacle(opened, run, held.grant.body.resource);
  if (reason !== null) return cannot(reason);
  const seed = new RunRecords(db).get(callId)?.seed;
  const judged = { run, held, guardReport, ...(seed === undefined ? {} : { seed }) };
  let report: GuardReport | null;
  try {
    report = await reportAgain(opened, judged, options);
  } catch (error) {
    if (isSluiceError(error, "ERR_SANDBOX_LAYER_MISSING")) return cannot("layer-missing");
    if (isSluiceError(error, "ERR_SANDBOX_START") || isSluiceError(error, "ERR_POOL_WORKER"))
      return cannot("sandbox-failed");
    throw error;
  }
  const recorded = await documentHash(timeless(guardReport));
  const again = report === null ? null : await documentHash(timeless(report));
  // The report that the run shows has to be the one that its receipt is over.
  const proven = kept === null || kept.body.answer === (await documentHash(guardReport));
  const verdict = proven && recorded === again ? "match" : "mismatch";
  return { verdict, run: callId, recorded, again, runtime: currentRuntime() };
}

/** What of the run is missing here; null when it can be made again. */
function obstacle({ db, store }: StoppedDomain, run: Run, resource: string): ReplayReason | null {
  const { guardReport, callId } = run;
  if (guardReport?.findings.some(({ rule }) => rule === "noisy-table") === true) return "noise";
  if (guardReport !== undefined && ranNoCode(guardReport)) return "no-user-code";
  const record = new RunRecords(db).get(callId);
  if (record === null) return "not-recorded";
  const work = new WorkStore(db);
  if (work.bundle(run.bundle) === null) return "bundle-erased";
  const model =
    run.operation === "build" ? new DocumentStore(db).release(run.product, run.version)?.release.body.model : undefined;
  if (model !== undefined && work.model(model) === null) return "model-erased";
  const source = store.resources().find((described) => described.resource === resource);
  if (source?.snapshot !== record.snapshot) return "source-changed";
  const here = currentRuntime();
  if (here.node !== record.runtime.node || here.v8 !== record.runtime.v8) return "other-node";
  if (here.icu !== record.runtime.icu) return "other-icu";
  return here.cpu === record.runtime.cpu ? null : "other-cpu";
}

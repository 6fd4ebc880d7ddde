/** Execution of runs, one after another: develop on a desensitised sample, build on every row. A run that
 *  was cut off by the end of the process is started again at the next start; it was charged once.
 *  @module */
import {
  documentHash,
  isErrorCode,
  isSluiceError,
  MAX_LOG_LINES,
  SluiceError,
  type JobEvent,
  type KeyId,
  type Run,
  type Sha256Hex,
} from "@sluice/protocol";
import { refuseEnded, type Admitted } from "./admit.ts";
import { buildProduct } from "./build.ts";
import { removeBuild } from "./build-folders.ts";
import type { DomainContext, RunStarter } from "./context.ts";
import { developOnSample } from "./develop.ts";
import { recordEvent } from "./events.ts";
import { keptReport, prove } from "./receipts.ts";
import { RunEvents } from "./run-events.ts";
import { RunRefused, type RunResult } from "./run-refused.ts";

/** Runs waiting or running at most. */
export const MAX_WAITING_RUNS = 64;

/** Executes runs of one domain. */
export class RunExecutor implements RunStarter {
  readonly events = new RunEvents();
  readonly #context: () => DomainContext;
  readonly #active = new Map<string, { admitted: Admitted; abort: AbortController }>();
  readonly #held = new Set<string>();
  readonly #describing = new Set<Sha256Hex>();
  #tail: Promise<void> = Promise.resolve();

  /** `context` is read when a run starts: executor and context know each other. */
  constructor(context: () => DomainContext) {
    this.#context = context;
  }

  /** Holds a place, so that a run is not charged that finds none. @throws ERR_POOL_FULL */
  hold(callId: string): void {
    if (this.#active.size + this.#held.size >= MAX_WAITING_RUNS) {
      throw new SluiceError("ERR_POOL_FULL", { maxQueue: MAX_WAITING_RUNS });
    }
    this.#held.add(callId);
  }

  /** Gives up a held place. */
  release(callId: string): void {
    this.#held.delete(callId);
  }

  /** Reads a bundle for a grant that has no other bundle read: its code runs for that, and is paid for by nobody.
   *  @throws ERR_POOL_FULL, and what `work` throws */
  async describing<T>(grant: Sha256Hex, work: () => Promise<T>): Promise<T> {
    if (this.#describing.has(grant)) throw new SluiceError("ERR_POOL_FULL", { maxQueue: 1 });
    this.#describing.add(grant);
    try {
      return await work();
    } finally {
      this.#describing.delete(grant);
    }
  }

  /** Keeps the run and queues it. @throws ERR_POOL_FULL */
  start(run: Run, admitted: Admitted): void {
    if (!this.#held.delete(run.callId)) {
      this.hold(run.callId);
      this.#held.delete(run.callId);
    }
    this.#context().work.putRun(run, admitted.signed);
    this.#note(run);
    const abort = new AbortController();
    this.#active.set(run.callId, { admitted, abort });
    // A run whose end cannot be written down is taken up at the next start; later runs go on.
    this.#tail = this.#tail.then(() => this.#execute(run, admitted, abort.signal)).catch(() => {});
  }

  /** Queues again what an earlier process left unfinished. */
  async recover(): Promise<void> {
    const context = this.#context();
    for (const { run, request } of context.work.unfinishedRuns()) {
      const held = context.documents.grant(run.grant);
      const bundle = context.work.bundle(run.bundle);
      const keyId: KeyId | undefined = request.signatures[0]?.keyId;
      if (held === null || bundle === null || keyId === undefined) continue;
      const requestHash = await documentHash(request.body);
      this.start(
        { ...run, state: "submitted", percent: 0, log: [] },
        { request: request.body, requestHash, keyId, held, frame: bundle.code, signed: request },
      );
    }
  }

  /** Stops the waiting and running runs that `concerned` says. */
  cancel(concerned: (admitted: Admitted) => boolean): void {
    for (const { admitted, abort } of this.#active.values()) if (concerned(admitted)) abort.abort();
  }

  /** Stops every run without marking it failed, so that the next start takes it up again. */
  async close(): Promise<void> {
    this.#closing = true;
    this.cancel(() => true);
    await this.#tail;
  }

  #closing = false;

  #note({ callId, operation, state, failure }: Run): void {
    const code = failure !== undefined && isErrorCode(failure.code) ? { code: failure.code } : {};
    this.#context().observer.log.write({ event: "run", callId, operation, state, ...code });
  }

  async #execute(initial: Run, admitted: Admitted, signal: AbortSignal): Promise<void> {
    const context = this.#context();
    let run = initial;
    const update = (change: Partial<Run>, alongside?: () => void): void => {
      const next = { ...run, ...change };
      context.db.transaction(() => {
        alongside?.();
        context.work.putRun(next, admitted.signed);
      });
      run = next;
      this.#note(run);
    };
    try {
      signal.throwIfAborted();
      // One of an earlier process waits here until this one is admitted to work.
      await context.standing.settled(context.clock, signal);
      // What a run shows before its receipt, and the refusal of one that gets none, are uses too: the log knows of each.
      await recordEvent(context, { kind: "run", subject: admitted.requestHash });
      // It may have waited long, or be of an earlier process.
      refuseEnded(context, admitted);
      update({ state: "running" });
      this.events.emit(run.callId, { kind: "state", state: "running" });
      const onEvent = (event: JobEvent): void => {
        if (event.kind === "progress") run = { ...run, percent: event.percent };
        else if (event.kind === "log" && run.log.length < MAX_LOG_LINES)
          run = { ...run, log: [...run.log, event.line] };
        // Of a build, whoever reads it sees how far it is; its steps are coarse, so it is written some tens of times.
        if (run.operation === "build") context.work.putRun(run, admitted.signed);
        this.events.emit(run.callId, event);
      };
      const work = { run, admitted, signal, onEvent };
      const result =
        run.operation === "develop"
          ? await developOnSample(context, work)
          : ((await builtBefore(context, run)) ?? (await buildProduct(context, work)));
      signal.throwIfAborted();
      // A run costs less because its end says so: both are written, or neither.
      update({ ...result, state: "completed", percent: 100 }, () => context.outcomes.complete(run.callId));
      this.events.emit(run.callId, { kind: "state", state: "completed" });
    } catch (error) {
      if (this.#closing) return;
      update({
        ...(error instanceof RunRefused ? error.result : {}),
        state: "failed",
        failure: context.documents.isRevoked(run.grant) ? REVOKED : failureOf(error, signal),
      });
      this.events.emit(run.callId, { kind: "state", state: "failed" });
    } finally {
      this.#active.delete(run.callId);
      // A run that this process leaves to the next one keeps what it has.
      if (!this.#closing) await removeBuild(context.files, run.callId);
    }
  }
}

const REVOKED = { code: "ERR_GRANT_REVOKED", details: {}, refusedBy: "domain" } as const;

/** Result of a build whose process ended between its receipt and its last note; null when there is none. */
async function builtBefore(context: DomainContext, run: Run): Promise<RunResult | null> {
  const kept = context.answers.get(run.callId);
  const guardReport = kept === null ? null : keptReport(kept);
  if (kept === null || guardReport === null) return null;
  const snapshot = kept.openings.snapshot?.value;
  return { guardReport, ...(snapshot === undefined ? {} : { snapshot }), receipt: await prove(context, kept) };
}

function failureOf(error: unknown, signal: AbortSignal): NonNullable<Run["failure"]> {
  if (signal.aborted) return { code: "ERR_CANCELLED", details: {}, refusedBy: "domain" };
  if (error instanceof RunRefused) return error.failure;
  if (isSluiceError(error)) return { code: error.code, details: { ...error.details }, refusedBy: "domain" };
  return { code: "ERR_INTERNAL", details: { reference: "run" }, refusedBy: "domain" };
}

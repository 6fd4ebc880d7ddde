/** The sandbox runner: one single-use child per job, behind every layer that works here. Children wait in a pool, so that
 *  a job finds one that has loaded the engine and made its isolate.
 *  @module */
import {
  MAX_BUNDLE_BYTES,
  SluiceError,
  utf8,
  type ColumnBatch,
  type DecodeOutcome,
  type RunOutcome,
  type SandboxRunner,
  type SealedJob,
} from "@sluice/protocol";
import { batchSizes } from "./batches.ts";
import { readBootstrap } from "./bootstrap.ts";
import { childLimits } from "./child-limits.ts";
import { decodeInChild, decoderLimits } from "./decoder.ts";
import { checkEngine } from "./engine.ts";
import { openFeeds } from "./feeds.ts";
import { DEFAULT_WARM_CHILDREN } from "./pool.ts";
import { LAYER_REMEDIES, probeKernelLayers, type SandboxLayer } from "./probe.ts";
import { probeGroups } from "./probe-groups.ts";
import { probeThreadLimit } from "./probe-threads.ts";
import { endLeftChildren } from "./process-owner.ts";
import { openScriptPool } from "./script-pool.ts";
import { encodePreparation, encodeRunInput, INPUT_LIMITS, type InputLimits } from "./run-input.ts";
import type { ReadyChild } from "./start-child.ts";
import { superviseClaimed } from "./supervise.ts";
import { fromAfar, fromHere, type RemoteTable } from "./table-source.ts";
import { shapeOf } from "./table-shape.ts";

/** Options of `createSandboxRunner`. */
export interface SandboxRunnerOptions {
  /** Layers without which no runner is given. */
  readonly require?: readonly SandboxLayer[];
  /** Layers without which no production run is started; development runs with what is there. */
  readonly requireInProduction?: readonly SandboxLayer[];
  /** Directories searched for `bwrap` and `prlimit`; the process's PATH unless given. */
  readonly searchPath?: string;
  /** Children at a time; further runs wait. */
  readonly maxConcurrentRuns?: number;
  /** Whether children have feeds, for jobs whose tables another process holds. */
  readonly feeds?: boolean;
  /** Children that wait for a job; 0 starts each when it is needed. */
  readonly warmChildren?: number;
  /** Limits for which the first of them are prepared; later ones for those of the jobs before. */
  readonly expectedLimits?: SealedJob["limits"];
  /** How much of a table goes to a child at once; for tests, which lower it. */
  readonly inputLimits?: InputLimits;
}

/** A runner whose children wait. */
export interface WarmSandboxRunner extends SandboxRunner {
  /** @param options `remote` is the job's table when another process holds it; then the job has none. */
  run(job: SealedJob, options: RunOptions): Promise<RunOutcome>;
  /** Resolves when as many children wait as should, or starting them has failed too often. */
  filled(): Promise<void>;
  /** Process ids of the children that wait. */
  waiting(): number[];
}

/** Children at a time unless told otherwise. */
export const DEFAULT_MAX_CONCURRENT_RUNS = 4;
/** Limits of runs that only describe a bundle or probe the sandbox. */
export const DESCRIBE_LIMITS = { wallTimeLimitMs: 10_000, memoryLimitBytes: 64 * 2 ** 20 } as const;
/** Limits for which the first children are prepared: those of a development run that asks for no others. */
export const EXPECTED_LIMITS = { wallTimeLimitMs: 30_000, memoryLimitBytes: 256 * 2 ** 20 } as const;

/** Options of a run. */
type RunOptions = Parameters<SandboxRunner["run"]>[1] & { readonly remote?: RemoteTable | undefined };

const NO_TABLE: ColumnBatch = { rowCount: 0, columns: {} };

const PROBE_JOB = utf8('var sluiceJob = { default: { name: "probe", purpose: "probe", input: {}, outputs: {} } };');

/** Finds the layers that work here and gives a runner that uses them all.
 *  @throws ERR_SANDBOX_ENGINE, ERR_SANDBOX_START, ERR_SANDBOX_LAYER_MISSING */
export async function createSandboxRunner(options: SandboxRunnerOptions = {}): Promise<WarmSandboxRunner> {
  const { warmChildren = DEFAULT_WARM_CHILDREN, expectedLimits = EXPECTED_LIMITS } = options;
  const engine = checkEngine();
  const bootstrap = await readBootstrap();
  await endLeftChildren();
  const [{ wrappers, layers: wrapperLayers }, groups] = await Promise.all([
    probeKernelLayers(engine, options.searchPath),
    probeGroups(),
  ]);
  const kernelLayers: readonly SandboxLayer[] = groups === undefined ? wrapperLayers : [...wrapperLayers, "cgroup"];
  // One of the two counts the threads of a child.
  const threads = groups === undefined ? await probeThreadLimit(wrappers) : undefined;
  const closing = new AbortController();
  const active = new Set<Promise<unknown>>();
  const waiting: (() => void)[] = [];
  let freeSlots = options.maxConcurrentRuns ?? DEFAULT_MAX_CONCURRENT_RUNS;

  const feeds = options.feeds === true ? openFeeds(options.searchPath) : undefined;
  const common = { wrappers, groups, threads, addonFile: engine.addonFile };
  const jobs = openScriptPool({
    ...common,
    script: "child",
    feeds,
    preparation: ({ heapMebibytes }) => encodePreparation(heapMebibytes, bootstrap),
    size: warmChildren,
    expected: childLimits(expectedLimits, 0),
  });
  // Each job's output is decoded once, after it: one decoder that waits is enough.
  const decoders = openScriptPool({
    ...common,
    script: "decoder",
    size: Math.min(warmChildren, 1),
    expected: decoderLimits(0),
  });

  async function claimAndRun(job: SealedJob, { signal, onEvent, remote }: RunOptions): Promise<RunOutcome> {
    const { environment, limits } = job;
    const table = job.table ?? NO_TABLE;
    const shape = remote?.shape ?? shapeOf(table);
    const inputLimits = options.inputLimits ?? INPUT_LIMITS;
    const input = encodeRunInput(job, inputLimits, shape);
    const reading = { input, inBatches: job.read === "batches", ...batchSizes(shape, inputLimits.batchRows) };
    const stop = AbortSignal.any(signal === undefined ? [closing.signal] : [closing.signal, signal]);
    return superviseClaimed(
      () => jobs.claim(childLimits(limits, input.dataBytes), stop),
      (child) => ({
        ...(remote === undefined ? fromHere(reading, { table }) : fromAfar(reading, remote, child)),
        environment,
        limits,
        layers: ["isolate", "process", ...kernelLayers],
        signal: stop,
        ...(onEvent && { onEvent }),
      }),
    );
  }

  /** A place among the runs that go on; false when the run was cancelled, or the runner closed, while it waited. */
  function slot(signal = closing.signal): Promise<boolean> {
    if (freeSlots > 0) {
      freeSlots--;
      return Promise.resolve(true);
    }
    const stop = AbortSignal.any([closing.signal, signal]);
    return new Promise((resolve) => {
      const take = (): void => {
        stop.removeEventListener("abort", leave);
        resolve(true);
      };
      const leave = (): void => {
        waiting.splice(waiting.indexOf(take), 1);
        resolve(false);
      };
      waiting.push(take);
      if (stop.aborted) leave();
      else stop.addEventListener("abort", leave, { once: true });
    });
  }

  async function run(job: SealedJob, runOptions: RunOptions = {}): Promise<RunOutcome> {
    if (closing.signal.aborted) {
      throw new SluiceError("ERR_STATE", { kind: "sandbox", name: "runner", state: "closed", needed: "open" });
    }
    if (job.bundle.length > MAX_BUNDLE_BYTES) {
      throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes: job.bundle.length, maxBytes: MAX_BUNDLE_BYTES });
    }
    const lacked = job.environment === "production" ? missingInProduction : undefined;
    if (lacked !== undefined) {
      const details = { layer: lacked, how: LAYER_REMEDIES[lacked] };
      return { ok: false, code: "ERR_SANDBOX_LAYER_MISSING", details, layers: [], wallMs: 0 };
    }
    if (!(await slot(runOptions.signal))) {
      return { ok: false, code: "ERR_CANCELLED", details: {}, layers: [], wallMs: 0 };
    }
    const outcome = claimAndRun(job, runOptions);
    active.add(outcome);
    try {
      return await outcome;
    } finally {
      active.delete(outcome);
      // The slot goes to whoever waited longest.
      const next = waiting.shift();
      if (next === undefined) freeSlots++;
      else next();
    }
  }

  async function decode(...[output, manifest, { signal } = {}]: Parameters<SandboxRunner["decode"]>) {
    const stop = signal === undefined ? closing.signal : AbortSignal.any([closing.signal, signal]);
    const request = { output, manifest, layers: kernelLayers, signal: stop };
    const claim = (): Promise<ReadyChild> => decoders.claim(decoderLimits(output.length), stop);
    const outcome: Promise<DecodeOutcome> = decodeInChild(claim, request);
    active.add(outcome);
    return outcome.finally(() => active.delete(outcome));
  }

  async function close(): Promise<void> {
    closing.abort();
    await Promise.all([jobs.close(), decoders.close()]);
    await feeds?.close();
    while (active.size > 0) await Promise.allSettled(active);
    await groups?.close();
  }

  let missingInProduction: SandboxLayer | undefined;
  // A whole run of an empty job: the layers it reports are the layers of every run.
  const probe = await run({
    bundle: PROBE_JOB,
    entry: "describe",
    environment: "production",
    seed: 0,
    limits: warmChildren > 0 ? expectedLimits : DESCRIBE_LIMITS,
  });
  const missing = options.require?.find((layer) => !probe.layers.includes(layer));
  if (!probe.ok || missing !== undefined) {
    await close();
    if (missing === undefined || !probe.ok) throw new SluiceError("ERR_SANDBOX_START");
    throw new SluiceError("ERR_SANDBOX_LAYER_MISSING", { layer: missing, how: LAYER_REMEDIES[missing] });
  }
  missingInProduction = options.requireInProduction?.find((layer) => !probe.layers.includes(layer));

  return {
    layers: () => Promise.resolve([...probe.layers]),
    run,
    decode,
    filled: async () => void (await Promise.all([jobs.filled(), decoders.filled()])),
    waiting: () => [...jobs.waiting(), ...decoders.waiting()],
    close,
  };
}

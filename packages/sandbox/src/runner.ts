/** The sandbox runner: one single-use child per job, behind every layer that works here.
 *  @module */
import {
  MAX_BUNDLE_BYTES,
  SluiceError,
  utf8,
  type DecodeOutcome,
  type RunOutcome,
  type SandboxRunner,
  type SealedJob,
} from "@sluice/protocol";
import { readBootstrap } from "./bootstrap.ts";
import { decodeInChild, decoderCommand } from "./decoder.ts";
import { checkEngine } from "./engine.ts";
import { encodeRunInput } from "./frames.ts";
import { launchCommand } from "./launch.ts";
import { LAYER_REMEDIES, probeKernelLayers, type SandboxLayer } from "./probe.ts";
import { supervise } from "./supervise.ts";

/** Options of `createSandboxRunner`. */
export interface SandboxRunnerOptions {
  /** Layers without which no runner is given. */
  readonly require?: readonly SandboxLayer[];
  /** Directories searched for `bwrap` and `prlimit`; the process's PATH unless given. */
  readonly searchPath?: string;
  /** Children at a time; further runs wait. */
  readonly maxConcurrentRuns?: number;
}

/** Children at a time unless told otherwise. */
export const DEFAULT_MAX_CONCURRENT_RUNS = 4;
/** Limits of runs that only describe a bundle or probe the sandbox. */
export const DESCRIBE_LIMITS = { wallTimeLimitMs: 10_000, memoryLimitBytes: 64 * 2 ** 20 } as const;

/** Address space of Node and the engine before a job has allocated anything, with room for threads. */
const BASE_ADDRESS_SPACE_BYTES = 2.2 * 2 ** 30;
/** Processor time a run may use per wall time: the collector and the compiler have threads of their own. */
const CPU_PER_WALL = 2;

const PROBE_JOB = utf8('var sluiceJob = { default: { name: "probe", purpose: "probe", input: {}, outputs: {} } };');

/** Finds the layers that work here and gives a runner that uses them all.
 *  @throws ERR_SANDBOX_ENGINE, ERR_SANDBOX_START, ERR_SANDBOX_LAYER_MISSING */
export async function createSandboxRunner(options: SandboxRunnerOptions = {}): Promise<SandboxRunner> {
  const engine = checkEngine();
  const bootstrap = await readBootstrap();
  const { wrappers, layers: kernelLayers } = await probeKernelLayers(engine, options.searchPath);
  const closing = new AbortController();
  const active = new Set<Promise<unknown>>();
  const waiting: (() => void)[] = [];
  let freeSlots = options.maxConcurrentRuns ?? DEFAULT_MAX_CONCURRENT_RUNS;

  async function run(job: SealedJob, runOptions: Parameters<SandboxRunner["run"]>[1] = {}): Promise<RunOutcome> {
    if (closing.signal.aborted) {
      throw new SluiceError("ERR_STATE", { kind: "sandbox", name: "runner", state: "closed", needed: "open" });
    }
    if (job.bundle.length > MAX_BUNDLE_BYTES) {
      throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes: job.bundle.length, maxBytes: MAX_BUNDLE_BYTES });
    }
    const { parts, dataBytes } = encodeRunInput(job, bootstrap);
    if (freeSlots > 0) freeSlots--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    const { wallTimeLimitMs, memoryLimitBytes } = job.limits;
    const signals = runOptions.signal === undefined ? [closing.signal] : [closing.signal, runOptions.signal];
    const outcome = supervise({
      command: launchCommand(wrappers, {
        script: "child",
        addonFile: engine.addonFile,
        addressSpaceBytes: Math.ceil(BASE_ADDRESS_SPACE_BYTES + 2 * (dataBytes + memoryLimitBytes)),
        cpuSeconds: Math.ceil((wallTimeLimitMs * CPU_PER_WALL) / 1_000) + 2,
      }),
      input: parts,
      environment: job.environment,
      limits: job.limits,
      layers: ["isolate", "process", ...kernelLayers],
      signal: AbortSignal.any(signals),
      ...(runOptions.onEvent && { onEvent: runOptions.onEvent }),
    });
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
    const command = decoderCommand(wrappers, engine.addonFile, output.length);
    const signals = signal === undefined ? closing.signal : AbortSignal.any([closing.signal, signal]);
    const request = { output, manifest, layers: kernelLayers, signal: signals };
    const outcome: Promise<DecodeOutcome> = decodeInChild(command, request);
    active.add(outcome);
    return outcome.finally(() => active.delete(outcome));
  }

  // A whole run of an empty job: the layers it reports are the layers of every run.
  const probe = await run({
    bundle: PROBE_JOB,
    entry: "describe",
    environment: "production",
    seed: 0,
    limits: DESCRIBE_LIMITS,
  });
  if (!probe.ok) throw new SluiceError("ERR_SANDBOX_START");
  for (const layer of options.require ?? []) {
    if (probe.layers.includes(layer)) continue;
    throw new SluiceError("ERR_SANDBOX_LAYER_MISSING", { layer, how: LAYER_REMEDIES[layer] });
  }

  return {
    layers: () => Promise.resolve([...probe.layers]),
    run,
    decode,
    async close() {
      closing.abort();
      while (active.size > 0) await Promise.all(active);
    },
  };
}

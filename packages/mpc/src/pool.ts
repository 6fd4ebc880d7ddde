/** A pool of worker threads for named tasks, over piscina: bounded threads, bounded queue, cancellation that
 *  ends the thread at work, and a new thread in place of one that died.
 *  @module */
import { SluiceError, type TaskPool } from "@sluice/protocol";
import { Piscina } from "piscina";
import type { TaskOutcome } from "./tasks.ts";

/** Tasks waiting for a thread when no other limit is given. */
export const DEFAULT_MAX_QUEUE = 1_024;
/** Threads keep their caches this long without work. */
const IDLE_TIMEOUT_MS = 300_000;

/** How a pool is made. */
export interface TaskPoolOptions {
  /** Worker file whose default export is `serveTasks(…)`: `new URL("./x-worker" + extname(import.meta.url), import.meta.url)`. */
  readonly workerFile: URL;
  /** At least 1. */
  readonly maxThreads: number;
  /** Tasks that may wait; at least 1. */
  readonly maxQueue?: number;
}

/** Opens a pool; threads start with the first tasks. Close it. */
export function createTaskPool(options: TaskPoolOptions): TaskPool {
  const { workerFile, maxThreads, maxQueue = DEFAULT_MAX_QUEUE } = options;
  const piscina = new Piscina({
    filename: workerFile.href,
    minThreads: 0,
    maxThreads,
    maxQueue,
    idleTimeout: IDLE_TIMEOUT_MS,
  });
  // A thread that dies between tasks harms no one: the next task starts another.
  piscina.on("error", () => {});
  return {
    async run<T>(task: string, input: unknown, { signal, transfer = [] }: RunOptions): Promise<T> {
      if (signal?.aborted === true) throw new SluiceError("ERR_CANCELLED");
      let outcome: TaskOutcome;
      try {
        outcome = (await piscina.run(
          { task, input },
          { transferList: transfer, signal: signal ?? null },
        )) as TaskOutcome;
      } catch (cause) {
        throw poolError(cause, task, maxQueue, signal);
      }
      if (!outcome.ok) throw taskError(outcome);
      return outcome.value as T;
    },
    async close() {
      await piscina.destroy();
    },
  };
}

type RunOptions = Parameters<TaskPool["run"]>[2];

/** Why a task did not come back from its thread. */
function poolError(cause: unknown, task: string, maxQueue: number, signal: AbortSignal | undefined): SluiceError {
  if (signal?.aborted === true) return new SluiceError("ERR_CANCELLED", {}, { cause });
  const message = cause instanceof Error ? cause.message : "";
  // Piscina gives its errors no code; both texts mean that no thread and no place in the queue is free.
  if (message === "Task queue is at limit" || message.startsWith("No task queue available")) {
    return new SluiceError("ERR_POOL_FULL", { maxQueue }, { cause });
  }
  if (message === "Terminating worker thread" || (cause instanceof Error && cause.name === "AbortError")) {
    return new SluiceError("ERR_CANCELLED", {}, { cause });
  }
  return new SluiceError("ERR_POOL_WORKER", { task }, { cause });
}

/** The worker's error, made whole again. */
function taskError(outcome: Extract<TaskOutcome, { ok: false }>): SluiceError {
  const cause = new Error("in a worker thread");
  cause.name = outcome.name;
  cause.stack = `${outcome.name}: in a worker thread\n${outcome.frames}`;
  return new SluiceError(outcome.code, outcome.details, { cause });
}

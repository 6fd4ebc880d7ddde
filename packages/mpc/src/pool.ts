/** A pool of worker threads for named tasks, over piscina: bounded threads, bounded queue, cancellation that
 *  ends the thread at work, and a new thread in place of one that died.
 *  @module */
import { SluiceError, type TaskPool } from "@sluice/protocol";
import { Piscina } from "piscina";
import { withoutMessage, type TaskOutcome } from "./tasks.ts";

/** Tasks waiting for a thread when no other limit is given. */
export const DEFAULT_MAX_QUEUE = 1_024;
/** Threads beyond the first keep their caches this long without work. */
const IDLE_TIMEOUT_MS = 300_000;

/** How a pool is made. */
export interface TaskPoolOptions {
  /** Worker file whose default export is `serveTasks(…)`:
   *  ``new URL(`./x-worker${extname(import.meta.url)}`, import.meta.url)``. */
  readonly workerFile: URL;
  /** At least 1. */
  readonly maxThreads: number;
  /** Tasks that may wait for a thread. */
  readonly maxQueue?: number;
  /** Heap of one thread, without the buffers it holds; a thread that needs more is ended. Node's own limit unless given. */
  readonly heapLimitBytes?: number;
}

type RunOptions = Parameters<TaskPool["run"]>[2];

/** A pool that tells how busy it is. */
export interface MeasuredTaskPool extends TaskPool {
  /** Threads that live, and tasks that wait for one. */
  load(): { readonly threads: number; readonly waiting: number };
}

/** Opens a pool with one thread; more start under load. Close it. */
export function createTaskPool(options: TaskPoolOptions): MeasuredTaskPool {
  return new PiscinaTaskPool(options);
}

class PiscinaTaskPool implements MeasuredTaskPool {
  readonly #piscina: Piscina;
  readonly #maxThreads: number;
  readonly #maxQueue: number;
  /** Aborting one of these ends its task, with the reason given. */
  readonly #running = new Set<AbortController>();
  #closed = false;

  constructor({ workerFile, maxThreads, maxQueue = DEFAULT_MAX_QUEUE, heapLimitBytes }: TaskPoolOptions) {
    this.#maxThreads = maxThreads;
    this.#maxQueue = maxQueue;
    // Piscina does not count tasks with a signal against its own queue limit, so the limit is kept here.
    this.#piscina = new Piscina({
      filename: workerFile.href,
      minThreads: 1,
      maxThreads,
      maxQueue: Number.POSITIVE_INFINITY,
      idleTimeout: IDLE_TIMEOUT_MS,
      ...(heapLimitBytes === undefined
        ? {}
        : { resourceLimits: { maxOldGenerationSizeMb: Math.ceil(heapLimitBytes / 2 ** 20) } }),
    });
    // A thread that dies between tasks harms no one: another takes its place.
    this.#piscina.on("error", () => {});
    this.#piscina.on("workerDestroy", () => queueMicrotask(() => this.#failWithoutThreads()));
  }

  async run<T>(task: string, input: unknown, { signal, transfer = [] }: RunOptions): Promise<T> {
    if (this.#closed || signal?.aborted === true) throw new SluiceError("ERR_CANCELLED");
    if (this.#running.size >= this.#maxThreads + this.#maxQueue) {
      throw new SluiceError("ERR_POOL_FULL", { maxQueue: this.#maxQueue });
    }
    const controller = new AbortController();
    const cancel = () => controller.abort(new SluiceError("ERR_CANCELLED"));
    signal?.addEventListener("abort", cancel, { once: true });
    this.#running.add(controller);
    let outcome: TaskOutcome;
    try {
      const message = { task, input };
      outcome = (await this.#piscina.run(message, {
        transferList: transfer,
        signal: controller.signal,
      })) as TaskOutcome;
    } catch (error) {
      if (controller.signal.aborted) throw controller.signal.reason;
      throw new SluiceError("ERR_POOL_WORKER", { task }, { cause: withoutMessage(error) });
    } finally {
      this.#running.delete(controller);
      signal?.removeEventListener("abort", cancel);
    }
    if (!outcome.ok) throw new SluiceError(outcome.code, outcome.details, { cause: withoutMessage(outcome) });
    return outcome.value as T;
  }

  load(): { readonly threads: number; readonly waiting: number } {
    return { threads: this.#piscina.threads.length, waiting: this.#piscina.queueSize };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const controller of this.#running) controller.abort(new SluiceError("ERR_CANCELLED"));
    await this.#piscina.destroy();
  }

  /** Piscina starts no more threads after one has failed to load its file, and would keep the queue for ever. */
  #failWithoutThreads(): void {
    if (this.#piscina.threads.length > 0) return;
    for (const controller of this.#running) {
      controller.abort(new SluiceError("ERR_POOL_WORKER", { task: "start" }));
    }
  }
}

/** A pool whose threads are on other machines: the interface of a pool, the same codes, over workers that all hold what the
 *  task needs. One is asked; another when it fails or is slow (see `race.ts`). Only tasks of the closed list leave.
 *  @module */
import { isSluiceError, SluiceError, type TaskPool } from "@sluice/protocol";
import type { Hedging } from "./hedging.ts";
import { firstAnswer } from "./race.ts";
import { isRemoteTask } from "./remote-tasks.ts";
import { systemTimers, type Timers } from "./timers.ts";
import type { WorkerLink } from "./worker-link.ts";

/** Tasks under way at once when no other limit is given: each may hold a megabyte. */
export const DEFAULT_MAX_REMOTE_TASKS = 256;
/** A worker has so long for a task when no other limit is given. */
export const DEFAULT_REMOTE_DEADLINE_MS = 10_000;

/** The part of a worker that a pool uses. */
export type AskedWorker = Pick<WorkerLink, "run" | "isUsable">;

/** How a pool is made. */
export interface RemoteTaskPoolOptions<Worker extends AskedWorker> {
  /** In the order in which they are asked; each can answer every task of this pool. */
  readonly workers: readonly Worker[];
  /** Shared by the pools of a domain. */
  readonly hedging: Hedging;
  readonly maxTasks?: number;
  readonly deadlineMs?: number;
  readonly timers?: Timers;
  /** A worker that does not hold what it was asked about. */
  readonly onUnknown?: (worker: Worker) => void;
}

/** Runs tasks on other machines. */
export class RemoteTaskPool<Worker extends AskedWorker> implements TaskPool {
  readonly #options: RemoteTaskPoolOptions<Worker>;
  readonly #running = new Set<AbortController>();
  #closed = false;

  constructor(options: RemoteTaskPoolOptions<Worker>) {
    this.#options = options;
  }

  /** As `TaskPool.run`; buffers stay with the caller, because all that crosses is copied.
   *  @throws ERR_WORKER_TASK for a task that must stay in the domain, ERR_UNREACHABLE when no worker answers, and what
   *  `TaskPool.run` throws */
  async run<T>(task: string, input: unknown, { signal }: { signal?: AbortSignal }): Promise<T> {
    const { workers, hedging, timers = systemTimers, onUnknown } = this.#options;
    const { maxTasks = DEFAULT_MAX_REMOTE_TASKS, deadlineMs = DEFAULT_REMOTE_DEADLINE_MS } = this.#options;
    if (!isRemoteTask(task)) throw new SluiceError("ERR_WORKER_TASK", { task });
    if (this.#closed || signal?.aborted === true) throw new SluiceError("ERR_CANCELLED");
    if (this.#running.size >= maxTasks) throw new SluiceError("ERR_POOL_FULL", { maxQueue: maxTasks });
    const controller = new AbortController();
    const cancel = (): void => controller.abort(new SluiceError("ERR_CANCELLED"));
    signal?.addEventListener("abort", cancel, { once: true });
    this.#running.add(controller);
    try {
      return (await firstAnswer({
        workers: workers.filter((worker) => worker.isUsable()),
        ask: (worker, stop) => worker.run(task, input, { deadlineMs, signal: stop }),
        onFailure: (worker, error) => {
          if (isSluiceError(error, "ERR_PARTITION_UNKNOWN")) onUnknown?.(worker);
        },
        hedging,
        timers,
        signal: controller.signal,
      })) as T;
    } finally {
      this.#running.delete(controller);
      signal?.removeEventListener("abort", cancel);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const controller of this.#running) controller.abort(new SluiceError("ERR_CANCELLED"));
  }
}

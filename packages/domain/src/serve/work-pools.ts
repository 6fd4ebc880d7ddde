/** Worker threads by kind of work, so that a long list or a large request of one kind never stands before another in a
 *  queue. A pool starts when its work first comes; builds have threads of their own, for the time of the build.
 *  @module */
import { LOOKUP_WORKER, LookupScans, type ScanCall } from "@sluice/mpc/lookup/server";
import { createTaskPool, type MeasuredTaskPool } from "@sluice/mpc/pool";
import { PSI_WORKER } from "@sluice/mpc/psi/sender";
import { HIDDEN_WORKER } from "@sluice/mpc/he/hidden/server";
import { SCORE_WORKER } from "@sluice/mpc/he/linear/server";
import { SELECTION_WORKER } from "@sluice/mpc/he/selection/server";
import type { TaskPool } from "@sluice/protocol";

/** Kinds of work that have threads of their own. */
export type WorkKind = "lookup" | "psi" | "score" | "hidden" | "selection";

const WORKER_FILES = {
  lookup: LOOKUP_WORKER,
  psi: PSI_WORKER,
  score: SCORE_WORKER,
  hidden: HIDDEN_WORKER,
  selection: SELECTION_WORKER,
} as const satisfies Record<WorkKind, URL>;

/** Calls of a kind that may wait. A list or a request for scores holds megabytes while it does; one to a model that stays 15 of them, and
 *  takes a thread for seconds. */
export const MAX_QUEUE = { lookup: 1_024, psi: 32, score: 32, hidden: 4, selection: 32 } as const satisfies Record<
  WorkKind,
  number
>;

type RunOptions = Parameters<TaskPool["run"]>[2];

/** The worker threads of one domain. */
export class WorkPools {
  /** Threads of each kind of work. */
  readonly maxThreads: number;
  readonly #pools = new Map<WorkKind, MeasuredTaskPool>();
  readonly #scans: LookupScans;

  /** `maxThreads` is for each kind. */
  constructor(maxThreads: number) {
    this.maxThreads = maxThreads;
    this.#scans = new LookupScans({
      threads: maxThreads,
      run: (task, input, options) => this.answer("lookup", task, input, options),
    });
  }

  /** Runs one task of a call. @throws ERR_CANCELLED, ERR_POOL_FULL, ERR_POOL_WORKER, and what the task throws */
  answer<T>(kind: WorkKind, task: string, input: unknown, options: RunOptions): Promise<T> {
    let pool = this.#pools.get(kind);
    if (pool === undefined) {
      pool = createTaskPool({
        workerFile: WORKER_FILES[kind],
        maxThreads: this.maxThreads,
        maxQueue: MAX_QUEUE[kind],
      });
      this.#pools.set(kind, pool);
    }
    return pool.run<T>(task, input, options);
  }

  /** Answers one query of a lookup together with others that wait for the same database.
   *  @throws ERR_LOOKUP_QUERY, ERR_CANCELLED, ERR_POOL_FULL, ERR_POOL_WORKER */
  scan(call: ScanCall): Promise<Uint32Array> {
    return this.#scans.answer(call);
  }

  /** Runs one task of a build on a thread that ends with it. @throws as `answer` does */
  async build<T>(kind: WorkKind, task: string, input: unknown, options: RunOptions): Promise<T> {
    const pool = createTaskPool({ workerFile: WORKER_FILES[kind], maxThreads: 1 });
    try {
      return await pool.run<T>(task, input, options);
    } finally {
      await pool.close();
    }
  }

  /** Gives a build with many tasks the threads for them, which end with it. @throws what `work` throws */
  async buildInSteps<T>(kind: WorkKind, work: (pool: TaskPool, threads: number) => Promise<T>): Promise<T> {
    const pool = createTaskPool({ workerFile: WORKER_FILES[kind], maxThreads: this.maxThreads });
    try {
      return await work(pool, this.maxThreads);
    } finally {
      await pool.close();
    }
  }

  /** How busy the pools are that have started. */
  load(): { readonly kind: WorkKind; readonly threads: number; readonly waiting: number }[] {
    return [...this.#pools].map(([kind, pool]) => {
      const { threads, waiting } = pool.load();
      return { kind, threads, waiting: waiting + (kind === "lookup" ? this.#scans.waiting() : 0) };
    });
  }

  /** Ends every thread; tasks under way are cancelled. */
  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.close()));
  }
}

/** The buffer of `bytes`, to hand over with a task instead of a copy; none when it holds more than `bytes`. */
export function transferable(...parts: readonly Uint8Array[]): ArrayBuffer[] {
  return parts.flatMap(({ buffer, byteLength }) =>
    buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [],
  );
}

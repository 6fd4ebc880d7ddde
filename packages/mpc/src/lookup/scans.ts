/** Passes over shared databases. Queries that arrive while a pass over their database runs go together into the next one,
 *  up to four, and the pool's threads share its columns. A database has one pass at a time, so that products take turns in
 *  the queue of the pool, and a pass runs to its end: a caller that cancels stops waiting, the others get their answers.
 *  @module */
import { SluiceError, type TaskPool } from "@sluice/protocol";
import type { ScanTask } from "./scan.ts";
import { columnsOf, MAX_BATCH, type DatabaseShape, type SharedDatabase } from "./shared-database.ts";

/** Queries that may wait for one database. */
export const MAX_WAITING_QUERIES = 256;
/** A thread is not worth waking for less. */
const MIN_SHARE_BYTES = 4 * 1_048_576;

/** One query, by whoever answers it. */
export interface ScanCall {
  readonly shape: DatabaseShape;
  readonly database: SharedDatabase;
  readonly query: Uint32Array;
  readonly signal?: AbortSignal | undefined;
}

interface Waiting {
  readonly query: Uint32Array;
  readonly resolve: (words: Uint32Array) => void;
  readonly reject: (error: unknown) => void;
}

/** The queries of one database that no pass has taken. */
interface Queue {
  readonly shape: DatabaseShape;
  readonly database: SharedDatabase;
  waiting: Waiting[];
}

/** Batches queries and runs passes in `pool`, whose worker answers `pir.scan`. */
export class LookupScans {
  readonly #run: TaskPool["run"];
  readonly #threads: number;
  readonly #minShareBytes: number;
  /** By database; one that is here has a pass under way. */
  readonly #queues = new Map<string, Queue>();

  /** @param options.threads at most as many as databases were opened for */
  constructor(options: { readonly run: TaskPool["run"]; readonly threads: number; readonly minShareBytes?: number }) {
    this.#run = options.run;
    this.#threads = options.threads;
    this.#minShareBytes = options.minShareBytes ?? MIN_SHARE_BYTES;
  }

  /** One word per column. @throws ERR_LOOKUP_QUERY, ERR_POOL_FULL, ERR_CANCELLED; ERR_POOL_WORKER when a thread of its
   *  pass died */
  answer({ shape, database, query, signal }: ScanCall): Promise<Uint32Array> {
    if (signal?.aborted === true) return Promise.reject(new SluiceError("ERR_CANCELLED"));
    if (query.length !== shape.rowsPerBucket) {
      const reason = `it needs ${shape.rowsPerBucket} words`;
      return Promise.reject(new SluiceError("ERR_LOOKUP_QUERY", { reason }));
    }
    const known = this.#queues.get(database.id);
    const queue = known ?? { shape, database, waiting: [] };
    if (queue.waiting.length >= MAX_WAITING_QUERIES) {
      return Promise.reject(new SluiceError("ERR_POOL_FULL", { maxQueue: MAX_WAITING_QUERIES }));
    }
    const answered = wait(queue, query, signal);
    if (known === undefined) {
      this.#queues.set(database.id, queue);
      void this.#serve(queue);
    }
    return answered;
  }

  /** Queries that wait for a pass. */
  waiting(): number {
    return [...this.#queues.values()].reduce((sum, { waiting }) => sum + waiting.length, 0);
  }

  /** Runs passes until no query waits. */
  async #serve(queue: Queue): Promise<void> {
    while (queue.waiting.length > 0) {
      const calls = queue.waiting.splice(0, MAX_BATCH);
      try {
        const answers = await this.#pass(
          queue,
          calls.map(({ query }) => query),
        );
        for (const [i, call] of calls.entries()) call.resolve(answers[i] ?? new Uint32Array());
      } catch (error) {
        for (const call of calls) call.reject(error);
      }
    }
    this.#queues.delete(queue.database.id);
  }

  /** Waits for every share, also when one fails: until then its room in the memory is in use. */
  async #pass({ shape, database }: Queue, queries: readonly Uint32Array[]): Promise<Uint32Array[]> {
    const shares = this.#shares(database.length, columnsOf(shape));
    const outcomes = await Promise.allSettled(
      shares.map(async (columns, slot) => {
        const task: ScanTask = { shape, database, slot, columns, queries };
        return await this.#run<Uint32Array[]>("pir.scan", task, {});
      }),
    );
    const answers = queries.map(() => new Uint32Array(columnsOf(shape)));
    for (const [slot, outcome] of outcomes.entries()) {
      if (outcome.status === "rejected") throw outcome.reason;
      for (const [i, words] of outcome.value.entries()) answers[i]?.set(words, shares[slot]?.[0] ?? 0);
    }
    return answers;
  }

  /** Ranges of columns, nearly equal. */
  #shares(bytes: number, columns: number): [number, number][] {
    const wanted = Math.min(this.#threads, columns, Math.max(1, Math.floor(bytes / this.#minShareBytes)));
    const bound = (share: number) => Math.round((share * columns) / wanted);
    return Array.from({ length: wanted }, (_, share) => [bound(share), bound(share + 1)]);
  }
}

/** Puts a query into the queue, and takes it out when it is cancelled before a pass has taken it. */
async function wait(queue: Queue, query: Uint32Array, signal: AbortSignal | undefined): Promise<Uint32Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint32Array>();
  const call = { query, resolve, reject };
  const cancel = () => {
    queue.waiting = queue.waiting.filter((each) => each !== call);
    reject(new SluiceError("ERR_CANCELLED"));
  };
  queue.waiting.push(call);
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    return await promise;
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}

/** Lookups answered on other machines: a database is cut into partitions of whole buckets, each is given to two workers once,
 *  a query goes to every partition, and the answers are joined. Whatever a worker fails to do, the domain does: it has the
 *  whole database, and `answer` says so with null.
 *
 *  Who learns what: a worker sees encrypted records and LWE ciphertexts, never the OPRF key. A worker that lies spoils
 *  answers; see docs/workers.md for what that gives it.
 *  @module */
import {
  cutBuckets,
  describePartition,
  Hedging,
  joinAnswers,
  partitionChunks,
  RemoteTaskPool,
  type DatabaseRows,
  type Partition,
  type PartitionTask,
  type Timers,
  type WorkerLink,
} from "@sluice/mpc/remote/client";
import { SluiceError, type LookupParameters } from "@sluice/protocol";
import { WorkerStandings, type WorkerStanding } from "./worker-standings.ts";

/** Workers that each partition is given to, if there are so many. */
const REPLICAS = 2;
/** Time in which a worker takes a partition. */
const UPLOAD_DEADLINE_MS = 300_000;
const DROP_DEADLINE_MS = 5_000;
/** A partition is not sent to the same worker more often. */
const MIN_SEND_INTERVAL_MS = 30_000;
const MAX_SENT = 4_096;
/** Databases whose partitions are known; a domain keeps fewer open. */
const MAX_PLANS = 32;

/** A database as it is asked for. */
export interface PartitionedDatabase {
  /** Names it for as long as its content stays the same. */
  readonly name: string;
  readonly parameters: LookupParameters;
  readonly rows: DatabaseRows;
}

/** How queries are spread. */
export interface LookupWorkersOptions {
  readonly workers: readonly WorkerLink[];
  readonly timers: Timers;
  /** Hears of partitions that did not arrive. */
  readonly onFault: (error: unknown) => void;
  /** Hears of each worker whenever what is known of it changes. */
  readonly onStanding?: (standing: WorkerStanding) => void;
}

interface PlannedPartition {
  readonly partition: Partition;
  readonly pool: RemoteTaskPool<WorkerLink>;
  readonly workers: readonly WorkerLink[];
  /** Workers that do not hold it, as far as is known. */
  readonly missing: Set<WorkerLink>;
}

/** The workers of one domain. */
export class LookupWorkers {
  readonly #options: LookupWorkersOptions;
  readonly #hedging = new Hedging();
  /** Null while a database is being cut. */
  readonly #plans = new Map<string, readonly PlannedPartition[] | null>();
  readonly #background = new Set<Promise<void>>();
  /** When a partition was last sent to a worker. */
  readonly #sentMs = new Map<string, number>();
  readonly #closing = new AbortController();
  readonly #standings: WorkerStandings;
  #fallbacks = 0;

  constructor(options: LookupWorkersOptions) {
    this.#options = options;
    this.#standings = new WorkerStandings(options.onStanding ?? (() => {}));
  }

  /** One word for each column; null when the domain must answer itself. Nothing that a worker refuses with is thrown: its text
   *  would reach callers.
   *  @throws ERR_CANCELLED when `signal` is aborted; ERR_LOOKUP_QUERY before a worker is asked */
  async answer(asked: PartitionedDatabase, query: Uint32Array, signal: AbortSignal): Promise<Uint32Array | null> {
    const { rowsPerBucket } = asked.parameters;
    if (query.length !== rowsPerBucket) {
      throw new SluiceError("ERR_LOOKUP_QUERY", { reason: `it needs ${rowsPerBucket} words` });
    }
    const plan = this.#planOf(asked);
    if (plan === null) {
      this.#fallbacks += this.#options.workers.length > 0 ? 1 : 0;
      return null;
    }
    const stop = new AbortController();
    const cancel = (): void => stop.abort();
    signal.addEventListener("abort", cancel, { once: true });
    if (signal.aborted) cancel();
    try {
      const task = ({ partition }: PlannedPartition): PartitionTask => ({ partition: partition.hash, query });
      const ask = async (part: PlannedPartition): Promise<Uint32Array> => {
        const answer = await part.pool.run<Uint32Array>("pir.partition", task(part), { signal: stop.signal });
        return checkedAnswer(answer, part, asked);
      };
      return joinAnswers(await Promise.all(plan.map(ask)));
    } catch {
      if (signal.aborted) throw new SluiceError("ERR_CANCELLED");
      this.#fallbacks += 1;
      return null;
    } finally {
      // What one partition failed at is not worth the work of the others.
      stop.abort();
      signal.removeEventListener("abort", cancel);
      this.#noteStandings();
      this.#supply(plan, asked);
    }
  }

  /** Each worker in the order of the configuration, second requests, and queries that the domain answered itself. */
  load(): {
    readonly workers: readonly ({ readonly url: string } & ReturnType<WorkerLink["load"]>)[];
    readonly hedges: number;
    readonly fallbacks: number;
  } {
    const workers = this.#options.workers.map((worker) => ({ url: worker.url, ...worker.load() }));
    return { workers, hedges: this.#hedging.hedges, fallbacks: this.#fallbacks };
  }

  /** Waits until nothing is being cut or on its way to a worker. */
  async settled(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
  }

  /** Lets go of every database whose name starts with `prefix`, here and, as far as they can be reached, at the workers. */
  async forget(prefix: string): Promise<void> {
    for (const [name, plan] of [...this.#plans].filter(([each]) => each.startsWith(prefix))) {
      this.#plans.delete(name);
      const drops = (plan ?? []).flatMap(({ partition, workers }) =>
        workers.map((worker) => worker.drop(partition.hash, { deadlineMs: DROP_DEADLINE_MS })),
      );
      await Promise.allSettled(drops);
    }
    this.#noteStandings();
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const plan of this.#plans.values()) for (const { pool } of plan ?? []) await pool.close();
    await this.settled();
  }

  /** How a database is cut; null until that is done, in the background. */
  #planOf(asked: PartitionedDatabase): readonly PlannedPartition[] | null {
    const known = this.#plans.get(asked.name);
    if (known !== undefined || this.#options.workers.length === 0) return known ?? null;
    this.#plans.set(asked.name, null);
    const [oldest] = this.#plans.keys();
    if (this.#plans.size > MAX_PLANS && oldest !== undefined) this.#plans.delete(oldest);
    this.#inBackground(async () => {
      try {
        const plan = await this.#makePlan(asked);
        // Forgotten in the meantime, it is not sent anywhere.
        if (!this.#plans.has(asked.name)) return;
        this.#plans.set(asked.name, plan);
        this.#supply(plan, asked);
      } catch (error) {
        this.#plans.delete(asked.name);
        throw error;
      }
    });
    return null;
  }

  /** As many partitions as workers; partition i first asks worker i, then the one after it. */
  async #makePlan({ parameters, rows }: PartitionedDatabase): Promise<PlannedPartition[]> {
    const { workers: all, timers } = this.#options;
    const plan: PlannedPartition[] = [];
    for (const [i, range] of cutBuckets(parameters.buckets, all.length).entries()) {
      const partition = await describePartition(parameters, rows, range, this.#closing.signal);
      const workers = [...all.slice(i), ...all.slice(0, i)].slice(0, REPLICAS);
      const missing = new Set(workers);
      const onUnknown = (worker: WorkerLink): void => void missing.add(worker);
      const pool = new RemoteTaskPool({ workers, hedging: this.#hedging, timers, onUnknown });
      plan.push({ partition, pool, workers, missing });
    }
    return plan;
  }

  /** Sends partitions to workers that miss them, in the background. */
  #supply(plan: readonly PlannedPartition[], { parameters, rows }: PartitionedDatabase): void {
    const signal = this.#closing.signal;
    for (const { partition, missing } of plan) {
      for (const worker of missing) {
        if (!this.#maySend(`${worker.url} ${partition.hash}`)) continue;
        this.#inBackground(async () => {
          const body = { ...partition, chunks: () => partitionChunks(parameters, rows, partition, signal) };
          const options = { deadlineMs: UPLOAD_DEADLINE_MS, signal };
          if (!(await worker.holds(partition, options))) await worker.put(body, options);
          missing.delete(worker);
        });
      }
    }
  }

  /** A worker that has not the memory for what it is sent is not sent it over and over. */
  #maySend(key: string): boolean {
    const nowMs = this.#options.timers.nowMs();
    const sentMs = this.#sentMs.get(key);
    if (sentMs !== undefined && nowMs - sentMs < MIN_SEND_INTERVAL_MS) return false;
    this.#sentMs.delete(key);
    this.#sentMs.set(key, nowMs);
    const [oldest] = this.#sentMs.keys();
    if (this.#sentMs.size > MAX_SENT && oldest !== undefined) this.#sentMs.delete(oldest);
    return true;
  }

  #inBackground(work: () => Promise<void>): void {
    const done = work()
      .catch((error: unknown) => {
        if (!this.#closing.signal.aborted) this.#options.onFault(error);
      })
      .finally(() => {
        this.#background.delete(done);
        this.#noteStandings();
      });
    this.#background.add(done);
  }

  #noteStandings(): void {
    if (this.#closing.signal.aborted) return;
    const parts = [...this.#plans.values()].flatMap((plan) => plan ?? []);
    const standings = this.#options.workers.map((worker) => {
      const partitions = parts.filter(
        ({ workers, missing }) => workers.includes(worker) && !missing.has(worker),
      ).length;
      return { url: worker.url, partitions, up: worker.load().up };
    });
    this.#standings.note(standings);
  }
}

/** @throws ERR_FRAME_MALFORMED when a worker answered for another shape */
function checkedAnswer(answer: Uint32Array, { partition }: PlannedPartition, asked: PartitionedDatabase): Uint32Array {
  const words = (partition.to - partition.from) * asked.parameters.recordBytes;
  if (answer.length === words) return answer;
  throw new SluiceError("ERR_FRAME_MALFORMED", { field: "answer", expected: `${words} words` });
}

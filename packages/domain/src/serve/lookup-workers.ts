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
import { SuppliedWorker } from "./supplied-worker.ts";
import { WorkerStandings, type WorkerStanding } from "./worker-standings.ts";

/** Workers that each partition is given to, if there are so many. */
const REPLICAS = 2;
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
  /** Hears of partitions that did not arrive, and of workers that could not be cleared. */
  readonly onFault: (error: unknown) => void;
  /** Hears of each worker whenever what is known of it changes. */
  readonly onStanding?: (standing: WorkerStanding) => void;
}

interface PlannedPartition {
  readonly partition: Partition;
  readonly pool: RemoteTaskPool<SuppliedWorker>;
  readonly workers: readonly SuppliedWorker[];
}

/** A database that is asked for. */
interface Plan {
  /** Ends what is cut and sent of it, when it is forgotten. */
  readonly stop: AbortController;
  /** Null while it is being cut. */
  parts: readonly PlannedPartition[] | null;
}

/** The workers of one domain. */
export class LookupWorkers {
  readonly #options: LookupWorkersOptions;
  readonly #workers: readonly SuppliedWorker[];
  readonly #hedging = new Hedging();
  readonly #plans = new Map<string, Plan>();
  readonly #background = new Set<Promise<void>>();
  readonly #standings: WorkerStandings;
  #isClosing = false;
  #fallbacks = 0;

  /** Begins to clear them of what an earlier process sent. */
  constructor(options: LookupWorkersOptions) {
    this.#options = options;
    const { timers, onFault } = options;
    this.#standings = new WorkerStandings(options.onStanding ?? (() => {}));
    const onTried = (): void => this.#noteStandings();
    this.#workers = options.workers.map((link) => new SuppliedWorker({ link, timers, onFault, onTried }));
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
    if (plan === null || plan.parts === null) {
      this.#fallbacks += this.#workers.length > 0 ? 1 : 0;
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
      return joinAnswers(await Promise.all(plan.parts.map(ask)));
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
    const workers = this.#workers.map(({ link }) => ({ url: link.url, ...link.load() }));
    return { workers, hedges: this.#hedging.hedges, fallbacks: this.#fallbacks };
  }

  /** Waits until nothing is being cut, on its way to a worker, or cleared. */
  async settled(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.settled()));
    while (this.#background.size > 0) await Promise.all(this.#background);
  }

  /** Lets go of every database whose name starts with `prefix`, here and at the workers: what is on its way to one is stopped, and
   *  one that may not have heard is cleared as soon as it can be reached, and asked no more until then. */
  async forget(prefix: string): Promise<void> {
    const gone = [...this.#plans.keys()].filter((name) => name.startsWith(prefix));
    await Promise.all(gone.map((name) => this.#drop(name)));
    this.#noteStandings();
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const { stop, parts } of this.#plans.values()) {
      stop.abort();
      for (const { pool } of parts ?? []) await pool.close();
    }
    await Promise.all(this.#workers.map((worker) => worker.close()));
    await this.settled();
  }

  async #drop(name: string): Promise<void> {
    const plan = this.#plans.get(name);
    if (plan === undefined) return;
    this.#plans.delete(name);
    plan.stop.abort(new SluiceError("ERR_CANCELLED"));
    const drops = (plan.parts ?? []).flatMap(({ partition, workers }) =>
      workers.map((worker) => worker.forget(partition.hash)),
    );
    await Promise.all(drops);
  }

  /** How a database is cut, which is done in the background; null without workers. */
  #planOf(asked: PartitionedDatabase): Plan | null {
    const known = this.#plans.get(asked.name);
    if (known !== undefined || this.#workers.length === 0) return known ?? null;
    const plan: Plan = { stop: new AbortController(), parts: null };
    this.#plans.set(asked.name, plan);
    const [oldest] = this.#plans.keys();
    const { signal } = plan.stop;
    if (this.#plans.size > MAX_PLANS && oldest !== undefined) this.#inBackground(signal, () => this.#drop(oldest));
    this.#inBackground(signal, async () => {
      try {
        plan.parts = await this.#cut(asked, signal);
      } catch (error) {
        if (this.#plans.get(asked.name) === plan) this.#plans.delete(asked.name);
        throw error;
      }
      this.#supply(plan, asked);
    });
    return plan;
  }

  /** As many partitions as workers; partition i first asks worker i, then the one after it. */
  async #cut({ parameters, rows }: PartitionedDatabase, signal: AbortSignal): Promise<PlannedPartition[]> {
    const [all, { timers }] = [this.#workers, this.#options];
    const parts: PlannedPartition[] = [];
    for (const [i, range] of cutBuckets(parameters.buckets, all.length).entries()) {
      const partition = await describePartition(parameters, rows, range, signal);
      const workers = [...all.slice(i), ...all.slice(0, i)].slice(0, REPLICAS);
      const onUnknown = (worker: SuppliedWorker): void => worker.lost(partition.hash);
      const pool = new RemoteTaskPool({ workers, hedging: this.#hedging, timers, onUnknown });
      parts.push({ partition, pool, workers });
    }
    return parts;
  }

  /** Sends partitions to workers that miss them, in the background; nothing of what is forgotten. */
  #supply({ stop: { signal }, parts }: Plan, { parameters, rows }: PartitionedDatabase): void {
    if (signal.aborted) return;
    for (const { partition, workers } of parts ?? []) {
      const body = { ...partition, chunks: () => partitionChunks(parameters, rows, partition, signal) };
      const missing = workers.filter((worker) => !worker.holds(partition.hash));
      for (const worker of missing) this.#inBackground(signal, () => worker.supply(body, signal));
    }
  }

  /** What fails when it is not wanted any more is no fault. */
  #inBackground(signal: AbortSignal, work: () => Promise<void>): void {
    const done = work()
      .catch((error: unknown) => {
        if (!signal.aborted) this.#options.onFault(error);
      })
      .finally(() => {
        this.#background.delete(done);
        this.#noteStandings();
      });
    this.#background.add(done);
  }

  #noteStandings(): void {
    if (this.#isClosing) return;
    this.#standings.note(
      this.#workers.map(({ link, partitions }) => ({ url: link.url, partitions, up: link.load().up })),
    );
  }
}

/** @throws ERR_FRAME_MALFORMED when a worker answered for another shape */
function checkedAnswer(answer: Uint32Array, { partition }: PlannedPartition, asked: PartitionedDatabase): Uint32Array {
  const words = (partition.to - partition.from) * asked.parameters.recordBytes;
  if (answer.length === words) return answer;
  throw new SluiceError("ERR_FRAME_MALFORMED", { field: "answer", expected: `${words} words` });
}

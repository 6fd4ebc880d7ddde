/** Workers in this process, each with a thread pool that the test can hold, and requests of any kind to them.
 *  @module */
import { createHash, randomBytes } from "node:crypto";
import { LookupDatabase } from "@sluice/mpc/lookup/server";
import { WorkerLink, WorkerSecret, type Timers } from "@sluice/mpc/remote/client";
import partitionWorker from "../../mpc/src/lookup/partition-worker.ts";
import { requestHeaders } from "../../mpc/src/remote/message-auth.ts";
import { ManualTimers } from "../../mpc/test/remote-manual-timers.ts";
import { SluiceError, type LookupParameters, type TaskPool } from "@sluice/protocol";
import { LookupWorkers } from "../src/serve/lookup-workers.ts";
import type { WorkerStanding } from "../src/serve/worker-standings.ts";
import { createPartitionAnswerer, type PartitionAnswerer } from "../src/worker/partition-answerer.ts";
import { PartitionStore, type HeldPartition } from "../src/worker/partition-store.ts";
import { createWorkerServer } from "../src/worker/worker-server.ts";

export const random = { bytes: (length: number) => new Uint8Array(randomBytes(length)) };
export const SECRET = new Uint8Array(32).fill(7);
export const secret = () => new WorkerSecret(SECRET.slice());

export const parameters: LookupParameters = {
  lweDimension: 1024,
  errorDeviation: 12.8,
  buckets: 5,
  rowsPerBucket: 96,
  segmentLength: 16,
  recordBytes: 33,
  matrixSeed: "aa".repeat(32),
  filterSeed: "bb".repeat(32),
};
export const database = random.bytes(5 * 96 * 33);
export const rows = async function* () {
  yield database;
};
export const asked = { name: "indexes/one/database.bin", parameters, rows };
export const newQuery = () => new Uint32Array(random.bytes(96 * 4).buffer);
export const expected = (query: Uint32Array) => LookupDatabase.open(parameters, database).answer(query);

/** Computes at once, unless it is held: then each task waits for the test. */
export class HeldAnswerer implements PartitionAnswerer {
  readonly tasks: { readonly signal: AbortSignal; readonly release: () => void }[] = [];
  readonly #inner = createPartitionAnswerer(inlinePool, 1);
  #isHeld = false;
  fails: Error | undefined;
  /** What a worker that lies adds to every word. */
  lie = 0;
  #started = Promise.withResolvers<void>();

  async answer(partition: HeldPartition, query: Uint32Array, signal: AbortSignal): Promise<Uint32Array> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.tasks.push({ signal, release: resolve });
    this.#started.resolve();
    if (this.fails !== undefined) throw this.fails;
    signal.addEventListener("abort", () => reject(new SluiceError("ERR_CANCELLED")), { once: true });
    if (this.#isHeld) await promise;
    return (await this.#inner.answer(partition, query, signal)).map((word) => word + this.lie);
  }

  /** From now on tasks wait. */
  hold(): void {
    this.#isHeld = true;
    this.#started = Promise.withResolvers<void>();
  }

  /** Resolves when a task has begun since `hold`. */
  async started(): Promise<void> {
    await this.#started.promise;
  }
}

/** What a worker's threads do, without threads. */
const inlinePool: TaskPool = {
  async run<T>(task: string, input: unknown): Promise<T> {
    const outcome = await partitionWorker({ task, input });
    if (!outcome.ok) throw new SluiceError(outcome.code, outcome.details);
    return outcome.value as T;
  },
  close: () => Promise.resolve(),
};

export interface Worker {
  readonly url: string;
  readonly pool: HeldAnswerer;
  readonly timers: ManualTimers;
  readonly partitions: PartitionStore;
  readonly faults: unknown[];
  close(): Promise<void>;
}

const opened: { close(): Promise<void> }[] = [];

/** Ends what the test opened. */
export async function closeAll(): Promise<void> {
  await Promise.all(opened.splice(0).map((each) => each.close()));
}

export async function startWorker(
  options: { port?: number; maxNonces?: number; maxBytes?: number } = {},
): Promise<Worker> {
  const { port = 0, maxNonces, maxBytes = 1_048_576 } = options;
  const [pool, timers] = [new HeldAnswerer(), new ManualTimers()];
  const partitions = new PartitionStore(maxBytes, 1, timers);
  const faults: unknown[] = [];
  const limits = maxNonces === undefined ? {} : { maxNonces };
  const parts = {
    secret: secret(),
    partitions,
    answerer: pool,
    random,
    timers,
    onFault: (e: unknown) => faults.push(e),
    ...limits,
  };
  const server = createWorkerServer(parts);
  const url = await server.listen({ host: "127.0.0.1", port });
  const worker = { url, pool, timers, partitions, faults, close: () => server.close() };
  opened.push(worker);
  return worker;
}

export function linkTo(
  { url }: Pick<Worker, "url">,
  options: { fetch?: typeof fetch; timers?: Timers; secret?: WorkerSecret } = {},
): WorkerLink {
  return new WorkerLink({ url, secret: secret(), timers: new ManualTimers(), ...options });
}

/** The domain's side over `links`; what was cut and sent first is there when this resolves. */
export async function spreadOver(links: readonly WorkerLink[], timers = new ManualTimers()) {
  const faults: unknown[] = [];
  const standings: WorkerStanding[] = [];
  const workers = new LookupWorkers({
    workers: links,
    timers,
    onFault: (error) => faults.push(error),
    onStanding: (standing) => standings.push(standing),
  });
  opened.push(workers);
  const before = await workers.answer(asked, newQuery(), new AbortController().signal);
  await workers.settled();
  const ask = (query: Uint32Array, signal = new AbortController().signal) => workers.answer(asked, query, signal);
  return { workers, timers, faults, standings, before, ask };
}

/** A request of the test's own making, with a right code unless `code` says otherwise. */
export async function send(
  worker: Pick<Worker, "url">,
  given: {
    method: string;
    path: string;
    session: string;
    body?: Uint8Array<ArrayBuffer>;
    code?: string;
    length?: number;
    digest?: string;
  },
): Promise<Response> {
  const { method, path, session, body = new Uint8Array(0) } = given;
  const facts = {
    method,
    path,
    session,
    nonce: Buffer.from(random.bytes(16)).toString("hex"),
    deadlineMs: 1_000,
    length: given.length ?? body.length,
    digest: given.digest ?? createHash("sha256").update(body).digest("hex"),
  };
  const headers = requestHeaders(facts, given.code ?? secret().requestCode(facts));
  return await fetch(`${worker.url}${path}`, {
    method,
    headers: { ...headers, ...(body.length > 0 ? { "content-type": "application/octet-stream" } : {}) },
    ...(body.length > 0 ? { body } : {}),
  });
}

/** Whether a request that a link sends is a task. */
export function isTask(input: Parameters<typeof fetch>[0]): boolean {
  return typeof input === "string" && input.endsWith("/v1/tasks");
}

/** The session that the worker tells. */
export async function sessionOf(worker: Pick<Worker, "url">): Promise<string> {
  const answer = await send(worker, { method: "GET", path: "/v1/session", session: "0".repeat(32) });
  return Buffer.from(await answer.arrayBuffer()).toString("hex");
}

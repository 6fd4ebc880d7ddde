/** Starts a worker: reads its directory, opens its threads, listens. On loopback unless told otherwise: what stands between
 *  it and its domain on a network, TLS for instance, is the operator's.
 *  @module */
import { createTaskPool } from "@sluice/mpc/pool";
import { PARTITION_WORKER, systemTimers, type Timers } from "@sluice/mpc/remote/server";
import { SluiceError, type Random } from "@sluice/protocol";
import { createPartitionAnswerer } from "./partition-answerer.ts";
import { PartitionStore } from "./partition-store.ts";
import { readWorkerConfig, workerSecretFile } from "./worker-directory.ts";
import { readWorkerSecret } from "./worker-secret-file.ts";
import { createWorkerServer } from "./worker-server.ts";

/** Heap of one thread. Partitions and queries lie outside it. */
const THREAD_HEAP_BYTES = 256 * 1_048_576;

/** How a worker is started. */
export interface StartWorkerOptions {
  /** Address to listen on; loopback unless a deployment says otherwise. */
  readonly host?: string;
  /** 0 chooses a free port. */
  readonly port?: number;
  readonly random: Random;
  readonly timers?: Timers;
  /** Hears of what nobody foresaw. */
  readonly onFault: (error: unknown) => void;
}

/** A worker that listens. */
export interface RunningWorker {
  readonly url: string;
  /** Tasks under way are cancelled; what it held is gone. */
  close(): Promise<void>;
}

/** Starts the worker of `directory`. @throws ERR_DIRECTORY_STATE, ERR_KEY, ERR_PORT_IN_USE */
export async function startWorker(directory: string, options: StartWorkerOptions): Promise<RunningWorker> {
  const { host = "127.0.0.1", port = 0, random, timers = systemTimers, onFault } = options;
  const { threads, maxQueue, maxPartitionBytes } = await readWorkerConfig(directory);
  const secret = await readWorkerSecret(workerSecretFile(directory));
  const pool = createTaskPool({
    workerFile: PARTITION_WORKER,
    maxThreads: threads,
    maxQueue,
    heapLimitBytes: THREAD_HEAP_BYTES,
  });
  const partitions = new PartitionStore(maxPartitionBytes, threads, timers);
  const answerer = createPartitionAnswerer(pool, threads);
  const server = createWorkerServer({ secret, partitions, answerer, random, timers, onFault });
  const close = async (): Promise<void> => {
    await pool.close();
    await server.close();
  };
  try {
    return { url: await server.listen({ host, port }), close };
  } catch (cause) {
    await close();
    if (cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE") {
      throw new SluiceError("ERR_PORT_IN_USE", { address: `${host}:${port}` }, { cause });
    }
    throw cause;
  }
}

/** How a worker answers a query against a partition: passes that concurrent queries share, over its threads; without kernels
 *  one thread for each query.
 *  @module */
import { LookupScans, type HeldPartitionTask } from "@sluice/mpc/remote/server";
import type { TaskPool } from "@sluice/protocol";
import type { HeldPartition } from "./partition-store.ts";

/** Answers queries. */
export interface PartitionAnswerer {
  /** One word for each column of the partition. @throws ERR_LOOKUP_QUERY, and what `TaskPool.run` throws */
  answer(partition: HeldPartition, query: Uint32Array, signal: AbortSignal): Promise<Uint32Array>;
}

/** Answers with `pool`, whose threads run `PARTITION_WORKER`. */
export function createPartitionAnswerer(pool: TaskPool, threads: number): PartitionAnswerer {
  const scans = new LookupScans({ threads, run: (task, input, options) => pool.run(task, input, options) });
  return {
    async answer({ parameters, database }, query, signal) {
      if (!(database instanceof Uint8Array)) return await scans.answer({ shape: parameters, database, query, signal });
      const task: HeldPartitionTask = { parameters, database, query };
      return await pool.run<Uint32Array>("pir.partition", task, { signal });
    },
  };
}

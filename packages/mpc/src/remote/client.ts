/** What a domain needs to have lookups answered on other machines.
 *  @module */
export { Hedging } from "./hedging.ts";
export { WorkerSecret } from "./message-auth.ts";
export { RemoteTaskPool } from "./remote-pool.ts";
export type { PartitionTask } from "./remote-tasks.ts";
export { systemTimers, type Timers } from "./timers.ts";
export { WorkerLink, type SendOptions, type SentBody } from "./worker-link.ts";
export {
  cutBuckets,
  describePartition,
  joinAnswers,
  partitionChunks,
  type BucketRange,
  type DatabaseRows,
  type Partition,
} from "../lookup/partition.ts";

/** What a worker on another machine is made of, without the HTTP server, which is the domain package's.
 *  @module */
import { extname } from "node:path";

export {
  ANSWER_CODE_HEADER,
  DIGEST_BYTES,
  isSameCode,
  notAuthentic,
  readRequestHeaders,
  SESSION_BYTES,
  WorkerSecret,
  type RequestFacts,
} from "./message-auth.ts";
export { isRemoteTask, wordsOf } from "./remote-tasks.ts";
export { decodeTaskRequest, encodeTaskAnswer, MAX_TASK_BYTES } from "./task-frame.ts";
export { systemTimers, type Timers } from "./timers.ts";
export { PARTITION_HEADER_BYTES, readPartitionHeader } from "../lookup/partition.ts";
export type { HeldPartitionTask } from "../lookup/partition-worker.ts";
export { LookupScans } from "../lookup/scans.ts";
export { SharedDatabaseWriter, type SharedDatabase } from "../lookup/shared-database.ts";

/** Worker file for `createTaskPool`: tasks `pir.scan` and, without kernels, `pir.partition`. */
export const PARTITION_WORKER = new URL(`../lookup/partition-worker${extname(import.meta.url)}`, import.meta.url);

/** The threads of a worker on another machine. They can do one thing: add up the columns of encrypted records for a query.
 *  There is no code here that takes a key.
 *  @module */
import type { Bytes, LookupParameters } from "@sluice/protocol";
import { serveTasks } from "../tasks.ts";
import { LookupDatabase } from "./database.ts";
import { scan, type ScanTask } from "./scan.ts";

/** Input of `pir.partition` on a thread of an engine without kernels. */
export interface HeldPartitionTask {
  readonly parameters: LookupParameters;
  /** In shared memory. */
  readonly database: Bytes;
  readonly query: Uint32Array;
}

export default serveTasks({
  "pir.scan": (input) => scan(input as ScanTask),
  "pir.partition": (input) => {
    const { parameters, database, query } = input as HeldPartitionTask;
    return LookupDatabase.open(parameters, database).answer(query);
  },
});

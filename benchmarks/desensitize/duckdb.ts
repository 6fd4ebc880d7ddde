/** The engine as the benchmarks run it, ours and the peer alike: two threads, bounded memory.
 *  @module */
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";

/** Memory that an engine of a benchmark may use. */
const MEMORY_LIMIT = "2GB";

/** A connection to an engine of its own. */
export async function openDuckDb(): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(":memory:", { threads: "2", memory_limit: MEMORY_LIMIT });
  return await instance.connect();
}

/** Whether the data engine works here, and keeps to itself; for `sluice doctor`.
 *  @module */
import { openEngine } from "./engine.ts";

const PROBE_MEMORY_BYTES = 67_108_864;
/** Nobody answers there; the engine has to refuse before it asks. */
const OUTSIDE = "SELECT * FROM read_csv('http://127.0.0.1:9/outside.csv')";

/** Opens an engine without files. `open` tells whether it reads files from outside.
 *  @throws EngineFault when it does not work */
export async function probeDataEngine(): Promise<{ open: boolean }> {
  const engine = await openEngine({ paths: [], memoryLimitBytes: PROBE_MEMORY_BYTES, threads: 1 });
  try {
    await engine.session(async (session) => session.rows("SELECT sum(i) FROM range(1000) r(i)"));
    const open = await engine.session(async (session) =>
      session.rows(OUTSIDE).then(
        () => true,
        () => false,
      ),
    );
    return { open };
  } finally {
    engine.close();
  }
}

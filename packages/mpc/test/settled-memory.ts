/** How much memory a thread and SEAL's instance hold when what was let go of is collected; and the same of a process of its own, since what
 *  other tests leave to be collected is no matter of what is measured.
 *  @module */
import { execFile } from "node:child_process";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

export interface Sizes {
  readonly heap: number;
  readonly seal: number;
}

/** Sizes now, in bytes; `memories` are those of WebAssembly, which never shrink. */
export async function settledSizes(memories: readonly { readonly buffer: ArrayBuffer }[]): Promise<Sizes> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  // What is let go of in one turn is collected in another.
  for (let turn = 0; turn < 3; turn++) {
    collect();
    await setImmediate();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { heap: heapUsed + arrayBuffers, seal: memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0) };
}

/** What the file `main` prints of its sizes before and after `count` rounds. */
export async function sizesOfProcess(
  main: URL,
  count: number,
): Promise<{ readonly before: Sizes; readonly after: Sizes }> {
  const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(main), String(count)]);
  return JSON.parse(stdout) as { before: Sizes; after: Sizes };
}

/** Progress of long work on standard error, in one line that is written over: only where that is a terminal, so that logs and
 *  pipes hold results alone.
 *  @module */
import type { CommandIo } from "./command.ts";

const CLEARED = "\r\u001B[K";

/** Runs `work`, which tells how far it is; what was shown is cleared when it ends, however it ends. */
export async function withProgress<T>(
  { stderr }: Pick<CommandIo, "stderr">,
  what: string,
  work: (onProgress: (progress: { readonly done: number; readonly total: number }) => void) => Promise<T>,
): Promise<T> {
  if (!("isTTY" in stderr && stderr.isTTY === true)) return await work(() => {});
  let shown = -1;
  try {
    return await work(({ done, total }) => {
      const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
      if (percent === shown) return;
      shown = percent;
      stderr.write(`${CLEARED}${what} ${percent} %`);
    });
  } finally {
    if (shown >= 0) stderr.write(CLEARED);
  }
}

/** One line about the isolation of this machine: the walk's jobs run with the layers that are there, and production elsewhere needs all.
 *  @module */
import { isSluiceError } from "@sluice/protocol";
import { createSandboxRunner, PRODUCTION_LAYERS } from "@sluice/sandbox";

/** Tries the layers. `searchPath` is where their programs are looked for; the process's PATH unless given. */
export async function layersLine(searchPath?: string): Promise<string> {
  try {
    const runner = await createSandboxRunner({
      warmChildren: 0,
      ...(searchPath === undefined ? {} : { searchPath }),
    });
    try {
      const found = await runner.layers();
      const missing = PRODUCTION_LAYERS.filter((layer) => !found.includes(layer));
      return missing.length === 0
        ? `  isolation: every layer that production needs is here (${found.join(", ")})`
        : `  isolation: missing here: ${missing.join(", ")}; the walk goes on, a domain in production would run no job (sluice doctor) / 缺少隔离层`;
    } finally {
      await runner.close();
    }
  } catch (error) {
    if (!isSluiceError(error)) throw error;
    return `  isolation: no sandbox starts here: ${error.message}`;
  }
}

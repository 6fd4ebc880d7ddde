/** The isolation layers of this machine, tried once in the background and told in log and metrics.
 *  @module */
import type { Observer } from "@sluice/evidence/observe";
import { createSandboxRunner, SANDBOX_LAYERS } from "@sluice/sandbox";

/** Tries the layers. The answer's `close` waits for the end of the trial. */
export function announceLayers({ log, metrics }: Observer): { close(): Promise<void> } {
  let found: readonly string[] | undefined;
  metrics.gauge(
    "sluice_sandbox_layer",
    "1 for each isolation layer that works here, 0 for the others; absent until tried",
    ["layer"],
    () =>
      found === undefined
        ? []
        : SANDBOX_LAYERS.map((layer) => ({ labels: { layer }, value: found?.includes(layer) === true ? 1 : 0 })),
  );
  const probe = async (): Promise<void> => {
    const runner = await createSandboxRunner();
    try {
      const layers = await runner.layers();
      found = layers;
      log.write({ event: "layers", layers });
    } finally {
      await runner.close();
    }
  };
  const probed = probe().catch((error: unknown) => log.fault(error));
  return { close: () => probed };
}

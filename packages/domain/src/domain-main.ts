/** Process entry of a domain: `node domain-main.ts '{"directory":…,"port":…}'`. Prints one JSON line when it
 *  listens, or one problem on stderr when it cannot; stops on SIGTERM and SIGINT.
 *  @module */
import { keyAccess } from "@sluice/evidence";
import { isSluiceError, SluiceError, toProblem } from "@sluice/protocol";
import { PRODUCTION_LAYERS } from "@sluice/sandbox";
import { z } from "zod";
import { startDomain } from "./start.ts";

const Options = z.strictObject({
  directory: z.string().min(1),
  host: z.string().optional(),
  port: z.int().min(0).max(65_535).optional(),
  requireLayers: z.array(z.string()).optional(),
  productionLayers: z.array(z.string()).optional(),
  metricsPort: z.int().min(0).max(65_535).optional(),
  workerThreads: z.int().min(1).max(64).optional(),
  witnessAnswers: z.boolean().optional(),
  publishIntervalMs: z.int().min(0).max(86_400_000).optional(),
  memoryDirectory: z.string().min(1).optional(),
});

// Everything that this process writes is its own.
process.umask(0o077);
try {
  const { directory, ...given } = Options.parse(JSON.parse(process.argv[2] ?? "{}"));
  const running = await startDomain(directory, {
    productionLayers: PRODUCTION_LAYERS,
    ...definedOnly(given),
    announceLayers: true,
    keys: keyAccess(process.env),
  });
  const stop = (): void => void running.close().then(() => process.exit(0));
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  process.stdout.write(`${JSON.stringify({ domain: running.domain, url: running.url })}\n`);
} catch (cause) {
  const error = isSluiceError(cause) ? cause : new SluiceError("ERR_INTERNAL", { reference: "start" }, { cause });
  process.stderr.write(`${JSON.stringify(toProblem(error, "domain"))}\n`);
  process.exitCode = 1;
}

function definedOnly<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/** Process entry of a gateway: `node gateway-main.ts '{"directory":…,"port":…}'`. Prints one JSON line when it
 *  listens, or one problem on stderr when it cannot; stops on SIGTERM and SIGINT.
 *  @module */
import { keyAccess } from "@sluice/evidence";
import { isSluiceError, SluiceError, toProblem } from "@sluice/protocol";
import { z } from "zod";
import { startGateway } from "./start-gateway.ts";

const Options = z.strictObject({
  directory: z.string().min(1),
  host: z.string().min(1).default("127.0.0.1"),
  port: z.int().min(0).max(65_535).default(0),
  metricsPort: z.int().min(0).max(65_535).optional(),
  publishIntervalMs: z.int().min(0).max(86_400_000).optional(),
});

try {
  const given = Options.safeParse(parseJson(process.argv[2]));
  if (!given.success) throw new SluiceError("ERR_USAGE", { reason: 'give {"directory":…,"host":…,"port":…} as JSON' });
  const { directory, metricsPort, publishIntervalMs, ...address } = given.data;
  const gateway = await startGateway(directory, {
    ...address,
    keys: keyAccess(process.env),
    ...(metricsPort === undefined ? {} : { metricsPort }),
    ...(publishIntervalMs === undefined ? {} : { publishIntervalMs }),
  });
  const stop = (): void => {
    gateway.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  process.stdout.write(`${JSON.stringify({ url: gateway.url })}\n`);
} catch (cause) {
  const error = isSluiceError(cause) ? cause : new SluiceError("ERR_INTERNAL", { reference: "start" }, { cause });
  process.stderr.write(`${JSON.stringify(toProblem(error, "gateway"))}\n`);
  process.exitCode = 1;
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "") as unknown;
  } catch {
    return undefined;
  }
}

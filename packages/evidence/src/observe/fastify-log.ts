/** What Fastify says by itself, reduced to what a process log may hold: that a fault happened, and its name.
 *  @module */
import type { FastifyBaseLogger } from "fastify";
import type { ProcessLog } from "./process-log.ts";

/** A logger for Fastify over `log`. Lines below an error are left out: our own events say more. */
export function fastifyLog(log: ProcessLog): FastifyBaseLogger {
  const silent = (): void => {};
  const error = (given: unknown): void => log.fault(causeOf(given));
  const logger: FastifyBaseLogger = {
    level: "error",
    silent,
    trace: silent,
    debug: silent,
    info: silent,
    warn: silent,
    error,
    fatal: error,
    child: () => logger,
  };
  return logger;
}

function causeOf(given: unknown): unknown {
  if (given instanceof Error) return given;
  return typeof given === "object" && given !== null && "err" in given ? given.err : given;
}
